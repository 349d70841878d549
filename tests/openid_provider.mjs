// A certified OpenID provider for tests: `node openid_provider.mjs HOST`. It prints its issuer, takes
// any password, signs with new keys at each line of standard input, and ends with it.
import { generateKeyPairSync, randomUUID } from "node:crypto";
import { createServer } from "node:http";
import { createInterface } from "node:readline";
import Provider from "../web_client/node_modules/oidc-provider/lib/index.js";

// It warns that it is not set up for production.
console.info = console.warn = () => {};

const ROLES = { ada: ["therapists"], grace: ["porters", "leads"], eve: ["porters"] };

const server = createServer((request, response) => answer(request, response));
let answer;

server.listen(0, "127.0.0.1", () => {
  const issuer = `http://${process.argv[2]}:${server.address().port}`;
  answer = provider(issuer);
  console.log(issuer);
  const lines = createInterface({ input: process.stdin });
  lines.on("line", () => {
    answer = provider(issuer);
    console.log("rotated");
  });
  lines.on("close", () => process.exit());
});

function provider(issuer) {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const made = new Provider(issuer, {
    clients: [
      {
        client_id: "esapr",
        client_secret: "a secret: with + and %",
        id_token_signed_response_alg: "ES256",
        redirect_uris: ["https://esapr.example/staff/callback"],
        post_logout_redirect_uris: ["https://esapr.example/staff"],
      },
    ],
    claims: { openid: ["sub"], profile: ["name", "roles"] },
    conformIdTokenClaims: false,
    cookies: { keys: ["of the tests"] },
    findAccount: (_, id) => ({
      accountId: id,
      claims: () => ({ sub: id, name: `Dr ${id}`, roles: ROLES[id] }),
    }),
    jwks: {
      keys: [
        { ...privateKey.export({ format: "jwk" }), kid: randomUUID(), alg: "ES256", use: "sig" },
      ],
    },
    pkce: { methods: ["S256"], required: () => true },
  });
  // Tests in a browser run on ports of this machine.
  const client = made.Client.prototype;
  for (const check of ["redirectUriAllowed", "postLogoutRedirectUriAllowed"]) {
    const registered = client[check];
    client[check] = function (uri) {
      return registered.call(this, uri) || new URL(uri).hostname === "127.0.0.1";
    };
  }
  return made.callback();
}
