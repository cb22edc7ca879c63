// SendGrid's own client for node, @sendgrid/client, with a keep-alive agent as
// its users set it; the CA comes by NODE_EXTRA_CA_CERTS.
//
// usage: node sendgrid_client.js CALLS IN_FLIGHT PEM_FILE
"use strict";

const fs = require("fs");
const client = require("@sendgrid/client");

const calls = Number(process.argv[2]);
const inFlight = Number(process.argv[3]);
const pem = fs.readFileSync(process.argv[4], "utf8");
const warm = Math.min(calls, Number(process.env.BENCH_WARM || 400));
const certId = "66138975";

client.setApiKey(process.env.SENDGRID_API_KEY);
client.setDefaultRequest("baseUrl", process.env.SENDGRID_BASE_URL);

async function call() {
    const [response, certificate] = await client.request({
        method: "PATCH",
        url: "/v3/sso/certificates/" + certId,
        body: {
            public_certificate: pem,
            enabled: true,
            integration_id: "b0b98502-9408-4b24-9e3d-31ed7cb15312",
        },
    });
    if (response.statusCode !== 200 || String(certificate.id) !== certId ||
            certificate.public_certificate !== pem) {
        throw new Error("the answer is about another certificate");
    }
}

async function run(count) {
    let left = count;
    const worker = async () => {
        while (left > 0) {
            left--;
            await call();
        }
    };
    await Promise.all(Array.from({ length: inFlight }, worker));
}

(async () => {
    await run(warm);
    const cpu = process.cpuUsage();
    const wall = process.hrtime.bigint();
    await run(calls);
    const seconds = Number(process.hrtime.bigint() - wall) / 1e9;
    const used = process.cpuUsage(cpu);
    console.log(`${calls} ${seconds.toFixed(6)} ` +
        ((used.user + used.system) / 1e6).toFixed(6));
})().catch((why) => {
    console.error(String(why && why.message));
    process.exit(1);
});
