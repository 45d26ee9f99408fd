import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type Guide,
  passwordCommand,
  printFirstGuide,
  printLaterGuide,
} from '../../services/local/connection-guide.ts';

const guide: Guide = {
  host: 'localhost',
  ports: new Map([
    ['imaps', 1993],
    ['pop3', 1110],
    ['submissions', 1465],
    ['http', 8080],
  ]),
  caFile: '/srv/mail/tls/ca.crt',
  passwordCommand: 'npm run -s restante -- account passwd',
};

test('the first guide has all that a mail client asks for, and a command to try', () => {
  const text = printFirstGuide(guide, [{ address: 'alice@example.test', password: 'secret' }]);
  assert.match(text, /user name alice@example\.test +password secret\n/);
  assert.match(text, /IMAP +server localhost +port 1993 +TLS\n/);
  assert.match(text, /POP3 +server localhost +port 1110 +STARTTLS\n/);
  assert.match(text, /SMTP +server localhost +port 1465 +TLS\n/);
  assert.match(
    text,
    /curl --cacert \/srv\/mail\/tls\/ca\.crt --user alice@example\.test:secret "imaps:\/\/localhost:1993\//,
  );
  assert.match(text, /npm run -s restante -- account passwd ADDRESS\n/);
});

test('later guides show no password, and say how to set a new one', () => {
  const text = printLaterGuide(guide);
  assert.match(text, /A forgotten password: npm run -s restante -- account passwd ADDRESS\n/);
  assert.match(text, /http:\/\/localhost:8080\//);
});

test('the command for a new password works where the server was started', () => {
  assert.equal(passwordCommand(false, '/srv/data', '/srv/data'), 'restante account passwd');
  assert.equal(passwordCommand(true, '/srv/data', '/srv/data'), 'npm run -s restante -- account passwd');
  assert.equal(passwordCommand(false, '/mail', '/srv/data'), "restante account passwd --data '/mail'");
});
