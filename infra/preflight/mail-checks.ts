import { receivingRegions } from '../config.ts';
import { answered, type Check, type Finding, fail, fine, isMissing, unseen, warn } from './finding.ts';

export const sending: Check = async (account) => {
  const asked = await account.ask('sesv2', 'get-account');
  return answered(asked, 'sending by SES', (answer): readonly Finding[] => {
    const enforcement = answer.at('EnforcementStatus').text;
    const found: Finding[] = [];
    if (answer.at('ProductionAccessEnabled').value !== true)
      found.push(
        warn(
          'SES is in the sandbox: mail goes to verified addresses only',
          'Ask for production access in the console of SES; it takes a day or two. Receiving works meanwhile',
        ),
      );
    if (answer.at('SendingEnabled').value === false || enforcement === 'SHUTDOWN')
      found.push(warn('SES does not send for this account', 'See the case under Account dashboard of SES'));
    else if (enforcement === 'PROBATION')
      found.push(
        warn('SES has put this account under review', 'See the case under Account dashboard of SES'),
      );
    return found.length > 0 ? found : [fine('SES sends to everybody')];
  });
};

/** There is one active rule set a region. Ours is named by CloudFormation after its stack. */
export const receiving: Check = async (account, { features, region, name }) => {
  if (features.ownMx) return [];
  if (!receivingRegions.has(region))
    return [fail(`SES receives no mail in ${region}`, 'Choose another region, or `features.ownMx`')];
  const asked = await account.ask('ses', 'describe-active-receipt-rule-set');
  return answered(asked, 'active receipt rule set', (answer) => {
    const active = answer.at('Metadata', 'Name').text;
    if (active === undefined) return fine('SES receives here, and no receipt rule set is active yet');
    if (active.startsWith(`${name}-inbound-`)) return fine(`the active receipt rule set is ours: ${active}`);
    return fail(
      `the active receipt rule set is another's: ${active}`,
      'It is not replaced (mail of whoever made it would be lost): use another region or account, or deactivate it yourself',
    );
  });
};

export const zone: Check = async (account, { hostedZone, hostname }) => {
  if (hostedZone === undefined)
    return [
      warn(
        'no hosted zone is configured',
        `After the deployment set the record of ${hostname} that the access stack prints`,
      ),
    ];
  const asked = await account.ask('route53', 'get-hosted-zone', { Id: hostedZone.id });
  if (!asked.ok)
    return [
      isMissing(asked.error)
        ? fail(
            `hosted zone ${hostedZone.id} is not in this account`,
            'Name the id that `aws route53 list-hosted-zones` shows',
          )
        : unseen('hosted zone', asked.error),
    ];
  const named = asked.value.at('HostedZone', 'Name').text?.replace(/\.$/, '');
  if (named !== hostedZone.name)
    return [
      fail(
        `hosted zone ${hostedZone.id} is ${named}`,
        `The configuration says ${hostedZone.name}: correct one of them`,
      ),
    ];
  if (asked.value.at('HostedZone', 'Config', 'PrivateZone').value === true)
    return [fail(`hosted zone ${named} is private`, 'Name the public one: mail clients and ACM look there')];
  const own = asked.value.at('DelegationSet', 'NameServers').list.map((server) => server.text?.toLowerCase());
  const seen = await account.nameServers(hostedZone.name);
  if (!seen.some((server) => own.includes(server.toLowerCase())))
    return [
      fail(
        `${hostedZone.name} is not delegated to its hosted zone`,
        `Set these name servers where the domain is registered: ${own.join(', ')}. Until then ACM waits, and the deployment with it`,
      ),
    ];
  return [fine(`hosted zone ${named} answers for its name`)];
};

const amazon = /^(amazon\.com|amazontrust\.com|awstrust\.com|amazonaws\.com)\b/;

export const certificate: Check = async (account, { certificate, hostname }) => {
  if (certificate.kind === 'own')
    return [
      warn(
        'the certificate is your own',
        'After the data stack, put it into the secret that is printed; tasks serve a self-signed one until then',
      ),
    ];
  // RFC 8659 §3: the closest name that has any such record decides.
  for (let name = hostname; name.includes('.'); name = name.slice(name.indexOf('.') + 1)) {
    const allowed = await account.certificateAuthorities(name);
    if (allowed.length === 0) continue;
    return [
      allowed.some((issuer) => amazon.test(issuer))
        ? fine(`CAA of ${name} lets Amazon issue`)
        : fail(
            `CAA of ${name} lets only others issue: ${allowed.join(', ')}`,
            `Add the record \`0 issue "amazon.com"\` to ${name}`,
          ),
    ];
  }
  return [fine(`nothing forbids ACM to issue for ${hostname}`)];
};
