// A real identity provider for a command: npm's saml-idp on a free loopback port.
//
//   saml_idp.js CERTIFICATE_FILE KEY_FILE COMMAND ...
//
// The package is looked for in NODE_PATH.  The command finds the server's address in IDP_URL and the page by which a
// browser would post a login's answer in the file IDP_PAGE.  Exits with the command's status; the server ends with it.
"use strict";

const childProcess = require("child_process");
const fs = require("fs");
const http = require("http");
const net = require("net");
const path = require("path");

const program = path.join(path.dirname(require.resolve("saml-idp/package.json")), "bin", "run.js");

function freePort() {
  return new Promise((resolve) => {
    const server = net.createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

function ask(url, form) {
  return new Promise((resolve, reject) => {
    const headers = form ? { "content-type": "application/x-www-form-urlencoded" } : {};
    const request = http.request(url, { method: form ? "POST" : "GET", headers }, (response) => {
      let text = "";
      response.on("data", (piece) => (text += piece));
      response.on("end", () => resolve(text));
    });
    request.on("error", reject);
    request.end(form);
  });
}

// Until it says that it listens; what it says later is read and dropped.
function started(server) {
  return new Promise((resolve, reject) => {
    let output = "";
    server.on("exit", (status) => reject(new Error("saml-idp ended with status " + status + ": " + output)));
    server.stdout.on("data", (piece) => {
      output = (output + piece).slice(-4000);
      if (/IdP server ready/.test(output)) resolve();
    });
  });
}

async function main([certificate, key, ...command]) {
  const port = await freePort();
  const url = "http://127.0.0.1:" + port;
  const options = ["--host", "127.0.0.1", "--port", String(port), "--cert", path.resolve(certificate)];
  const server = childProcess.spawn(
    process.execPath,
    [program, ...options, "--key", path.resolve(key), "--acsUrl", "https://sp.test/acs", "--audience", "https://sp.test/"],
    { cwd: path.dirname(path.dirname(program)), stdio: ["ignore", "pipe", "ignore"] },
  );
  try {
    await started(server);
    const user = new URLSearchParams({
      userName: "jane@example.com",
      nameIdFormat: "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress",
      email: "jane@example.com",
    });
    const page = certificate + ".page";
    fs.writeFileSync(page, await ask(url + "/signin", user.toString()));
    const environment = { ...process.env, IDP_URL: url, IDP_PAGE: page };
    process.exitCode = await new Promise((resolve) =>
      childProcess.spawn(command[0], command.slice(1), { env: environment, stdio: "inherit" }).on("exit", resolve),
    );
  } finally {
    server.kill("SIGKILL");
  }
}

main(process.argv.slice(2)).catch((error) => {
  console.error(error.message);
  process.exitCode = 1;
});
