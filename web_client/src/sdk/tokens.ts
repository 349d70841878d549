/** Tokens as this client presents them. */

const SECRET_BYTES = 24;
const ISSUED_PARTS = 3;

/**
 * The token with a secret behind it: redeemed so, it is worth nothing without. A token that has its
 * secret already stays as it is.
 */
export function own(token: string): string {
  if (token.split(".").length > ISSUED_PARTS) return token;
  const bytes = crypto.getRandomValues(new Uint8Array(SECRET_BYTES));
  const secret = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return `${token}.${secret}`;
}
