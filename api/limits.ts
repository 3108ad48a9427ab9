/** How many requests one address may send in a minute, to each route. */
export const requestsPerMinute = 6000;

/** How often one address may try a number and a code in a minute, on the page and by the API each. */
export const triesPerMinute = 20;
