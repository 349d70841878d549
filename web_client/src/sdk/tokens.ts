/** Tokens as this client presents them. */

const SECRET_BYTES = 24;
const ISSUED_PARTS = 3;
/** Tokens whose secrets are remembered; the first goes first. A program may open many sessions. */
const MAX_OWNED = 1_000;

const owned = new Map<string, string>();

/**
 * The token with a secret behind it: redeemed so, it is worth nothing without. The same token gets
 * the same secret wherever this program presents it; one that has its secret already stays as it
 * is.
 */
export function own(token: string): string {
  if (token.split(".").length > ISSUED_PARTS) return token;
  const known = owned.get(token);
  if (known !== undefined) return known;
  const bytes = crypto.getRandomValues(new Uint8Array(SECRET_BYTES));
  const secret = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  const mine = `${token}.${secret}`;
  owned.set(token, mine);
  const [first] = owned.keys();
  if (owned.size > MAX_OWNED && first !== undefined) owned.delete(first);
  return mine;
}
