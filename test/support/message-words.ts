/** What generated messages are made of. */

export const people: readonly (readonly [name: string, local: string, domain: string])[] = [
  ['Anna Lindqvist', 'anna.lindqvist', 'example.se'],
  ['José García', 'jose', 'ejemplo.example'],
  ['Łukasz Wójcik', 'lukasz.wojcik', 'przyklad.example'],
  ['田中 由紀', 'tanaka', 'rei.example'],
  ['Мария Иванова', 'm.ivanova', 'primer.example'],
  ['Dr. Klaus Müller', 'klaus.mueller', 'beispiel.example'],
  ['Build Robot', 'no-reply', 'ci.example.com'],
  ['Priya Raman', 'priya', 'example.in'],
  ['Amélie Dubois', 'amelie', 'exemple.example'],
  ['O’Brien, Seán', 'sean.obrien', 'example.ie'],
  ['The Weekly Letter', 'letter', 'news.example.net'],
  ['Mehmet Öz', 'mehmet', 'ornek.example'],
  ['', 'root', 'host7.example.org'],
  ['Support (tier 2)', 'support', 'help.example.com'],
];

export const subjects: readonly string[] = [
  'Minutes of the meeting on Tuesday',
  'Invoice',
  'Re-scheduling the delivery',
  'Your order has left our house',
  'Grüße aus dem Urlaub',
  'Запрос на согласование договора',
  '会議の資料について',
  'Déjeuner vendredi ?',
  'build failed: main is red since the last merge of a very long branch name that makes this subject fold',
  'Weekly letter',
  'Question about the ½ day off',
  'Photos',
  'WG: Angebot für die Dachsanierung',
  '',
];

const latin =
  `the of and to in is it that for was on are with as they at be this from have or by one had not but
what all were when we there can an your which their said if do will each about how up out them then she many some so
these would other into has more two like him see time could no make than first been its who now people my made over did
down only way find use may water long little very after words called just where most know invoice delivery schedule
minutes attached regards draft version account branch merge letter order photograph holiday contract`
    .split(/\s+/)
    .filter((word) => word !== '');

const german = 'für über wäre schön größe können müssen Straße später Änderung natürlich gehört zurück'.split(
  ' ',
);
const russian = 'договор счёт письмо встреча вопрос ответ завтра сегодня проект спасибо'.split(' ');
const japanese = '会議 資料 確認 お願い します 明日 送付 いたします よろしく 添付'.split(' ');

export type Language = 'english' | 'german' | 'russian' | 'japanese';

export const wordsOf: Readonly<Record<Language, readonly string[]>> = {
  english: latin,
  german: [...latin.slice(0, 60), ...german, ...german],
  russian,
  japanese,
};

export const attachments: readonly (readonly [name: string, type: string])[] = [
  ['report.pdf', 'application/pdf'],
  ['photo.jpg', 'image/jpeg'],
  ['Übersicht 2024.xlsx', 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet'],
  ['archive.zip', 'application/zip'],
  ['invite.ics', 'text/calendar'],
  ['資料.docx', 'application/vnd.openxmlformats-officedocument.wordprocessingml.document'],
  ['patch.diff', 'text/x-diff'],
];
