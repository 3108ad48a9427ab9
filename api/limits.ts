/** How many requests one address may send in a minute, to each route. */
export const requestsPerMinute = 6000;

/** How often one address may try a number and a code in a minute, on the page and by the API each. */
export const triesPerMinute = 20;

/** How often one address may fetch calendar feeds in a minute: calendars ask a few times an hour, whole offices from one address. */
export const feedReadsPerMinute = 120;
