export interface Step {
  readonly args: string;
  readonly stdin?: string;
  /** 0 unless given. */
  readonly code?: 1 | 2;
  /** All of standard output; what differs from run to run stands as <…>. */
  readonly says?: string;
  readonly complains?: string;
}

/** One after the other on an empty installation: every verb that administers, done and refused. */
export const steps: readonly Step[] = [
  { args: 'tenant add acme --name Acme', says: 'added acme\n' },
  { args: 'tenant add acme', code: 1, complains: 'restante: acme exists already\n' },
  { args: 'tenant add Not!', code: 1, complains: 'restante: id: Invalid string: must match pattern …\n' },
  { args: 'tenant rename acme Renamed', says: 'acme is called Renamed\n' },
  { args: 'tenant rename nobody Renamed', code: 1, complains: 'restante: there is no nobody\n' },
  { args: 'tenant rename acme Acme', says: 'acme is called Acme\n' },
  { args: 'tenant list', says: 'ID    MADE  NAME\nacme  <time>  Acme\n' },
  { args: 'domain add acme.test --tenant acme', says: 'added acme.test\n' },
  { args: 'domain add other.test --tenant nobody', code: 1, complains: 'restante: there is no nobody\n' },
  { args: 'domain add plain.test', says: 'added plain.test\n' },
  { args: 'domain list', says: 'acme.test\nplain.test\n' },
  { args: 'domain list --tenant acme', says: 'acme.test\n' },
  { args: 'domain show acme.test' },
  { args: 'domain show nobody.test', code: 1, complains: 'restante: there is no nobody.test\n' },
  {
    args: 'account add anna@acme.test --password-stdin --quota 5GB --name Anna',
    stdin: 'a long password\nmore\n',
    says: 'added anna@acme.test\n',
  },
  { args: 'account add bob@acme.test', says: 'added bob@acme.test\npassword: <password>\n' },
  { args: 'account add bob@acme.test', code: 1, complains: 'restante: bob@acme.test exists already\n' },
  {
    args: 'account add bob@nobody.test',
    code: 1,
    complains: 'restante: there is no nobody.test here: add it first with "restante domain add"\n',
  },
  {
    args: 'account add eve@acme.test --password short',
    code: 1,
    complains: 'restante: a password needs at least 8 characters\n',
  },
  {
    args: 'account add odd/one+a%41@acme.test --password long.enough',
    says: 'added odd/one+a%41@acme.test\n',
  },
  { args: 'account remove odd/one+a%41@acme.test', says: 'removed odd/one+a%41@acme.test\n' },
  {
    args: 'account list --tenant acme --domain acme.test',
    says:
      'ADDRESS         STATUS  PROTOCOLS             NAME\n' +
      'anna@acme.test  active  imap,pop3,submission  Anna\n' +
      'bob@acme.test   active  imap,pop3,submission  bob\n',
  },
  { args: 'account list --json' },
  { args: 'account show anna@acme.test' },
  { args: 'account show anna@acme.test --json' },
  { args: 'account show no@acme.test', code: 1, complains: 'restante: there is no no@acme.test\n' },
  { args: 'account quota anna@acme.test none', says: 'anna@acme.test has no quota\n' },
  { args: 'account quota anna@acme.test 5MB', says: 'anna@acme.test has a quota of 5 MB\n' },
  {
    args: 'account set anna@acme.test --suspend --protocols imap --pop3-deletion hide --name A.',
    says: 'changed anna@acme.test\n',
  },
  { args: 'account set anna@acme.test', code: 2 },
  { args: 'account set anna@acme.test --resume', says: 'changed anna@acme.test\n' },
  {
    args: 'account passwd anna@acme.test',
    says: 'the password of anna@acme.test is changed\npassword: <password>\n',
  },
  {
    args: 'account passwd anna@acme.test --password-stdin',
    stdin: 'another password\n',
    says: 'the password of anna@acme.test is changed\n',
  },
  { args: 'account passwd anna@acme.test --password-stdin', code: 1 },
  { args: 'app-password add anna@acme.test telephone', says: '<password>\n' },
  { args: 'app-password list anna@acme.test', says: 'ID    NAME       MADE\n<id>  telephone  <time>\n' },
  { args: 'app-password remove anna@acme.test none', code: 1, complains: 'restante: there is no none\n' },
  {
    args: 'alias add post@acme.test anna@acme.test bob@acme.test',
    says: 'added post@acme.test, to anna@acme.test, bob@acme.test\n',
  },
  {
    args: 'alias list',
    says: 'ALIAS           LEADS TO\npost@acme.test  anna@acme.test, bob@acme.test\n',
  },
  { args: 'alias list --json' },
  {
    args: 'alias change post@acme.test bob@acme.test',
    says: 'post@acme.test leads to bob@acme.test\n',
  },
  { args: 'alias change no@acme.test bob@acme.test', code: 1 },
  { args: 'alias list', says: 'ALIAS           LEADS TO\npost@acme.test  bob@acme.test\n' },
  { args: 'alias remove post@acme.test', says: 'removed post@acme.test\n' },
  { args: 'alias remove post@acme.test', code: 1 },
  {
    args: 'forward add anna@acme.test bob@acme.test',
    says: 'mail to anna@acme.test goes to bob@acme.test, and a copy stays\n',
  },
  { args: 'forward add anna@acme.test anna@acme.test', code: 1 },
  {
    args: 'forward list',
    says:
      'ACCOUNT         GOES TO        COPY STAYS  WAITING  SINCE\n' +
      'anna@acme.test  bob@acme.test  yes         0\n',
  },
  { args: 'forward remove anna@acme.test no@acme.test', code: 1 },
  { args: 'forward remove anna@acme.test', says: 'mail to anna@acme.test stays there\n' },
  { args: 'key add robot --scopes accounts:read --tenant acme --expires 90d', says: '<token>\n' },
  { args: 'key add robot --tenant nobody', code: 1, complains: 'restante: there is no tenant nobody\n' },
  { args: 'key add robot --scopes everything', code: 2 },
  { args: 'key list' },
  { args: 'key list --json' },
  { args: 'key remove nobody', code: 1, complains: 'restante: there is no key nobody\n' },
  { args: 'audit --tenant acme --last 3 --json' },
  { args: 'audit --last none', code: 2 },
  { args: 'domain remove acme.test', code: 1 },
  { args: 'domain remove plain.test', says: 'removed plain.test\n' },
  { args: 'tenant remove acme', code: 1 },
  { args: 'tenant remove default', says: 'removed default\n' },
  { args: 'account remove anna@acme.test', says: 'removed anna@acme.test\n' },
];
