// One PATCH of a certificate by npm's official @sendgrid/client, to compare what it sends with what we send.
//
//   official_client.js CERT_ID FIELDS_JSON
//
// Server and key come from SENDGRID_BASE_URL and SENDGRID_API_KEY.  The package is looked for in NODE_PATH.  Prints one
// line of JSON: {"status":…,"headers":{…},"body":…}; an answer of 4xx or 5xx is printed too, anything else that
// fails ends with status 1.
"use strict";

const client = require("@sendgrid/client");

function print(answer, body) {
  const { statusCode, code, headers } = answer;
  console.log(JSON.stringify({ status: statusCode || code, headers: headers, body: body }));
}

async function main([certId, fields]) {
  client.setApiKey(process.env.SENDGRID_API_KEY);
  // After the key: setApiKey puts the public server back.
  client.setDefaultRequest("baseUrl", process.env.SENDGRID_BASE_URL);
  const [response, body] = await client.request({
    url: `/v3/sso/certificates/${encodeURIComponent(certId)}`,
    method: "PATCH",
    body: JSON.parse(fields),
  });
  print(response, body);
}

main(process.argv.slice(2)).catch((error) => {
  if (error.response) {
    print({ code: error.code, headers: error.response.headers }, error.response.body);
    return;
  }
  console.error(error.message);
  process.exitCode = 1;
});
