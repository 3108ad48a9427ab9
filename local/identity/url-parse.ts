/** oidc-provider calls URL.parse, which Node 20 has only in its later releases. Import this before it. */
const url = URL as unknown as { parse?: (input: string, base?: string) => URL | null };

url.parse ??= (input, base) => (URL.canParse(input, base) ? new URL(input, base) : null);

export {};
