/** What is said first by who speaks ESMTP to the tests' server, and the answers. */
export const hello = `
  S: 220 mx.example.org ESMTP
  C: EHLO client.example.net
  S: 250-mx.example.org
  S: 250-PIPELINING
  S: 250-8BITMIME
  S: 250-SMTPUTF8
  S: 250-ENHANCEDSTATUSCODES
  S: 250 SIZE 67108864
`;
