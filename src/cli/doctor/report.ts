/** The report of a run: as text for a terminal, as Markdown for an issue, as JSON for a program. */
import { styleOf } from '../terminal.ts';
import { type CheckId, CHECKS, type Finding, type Level } from './findings.ts';
import type { Verdict } from './clients.ts';

/** The result of a run. */
export interface Report {
  readonly url: string;
  /** `outage`: the server did not answer, and nothing shows that its configuration is wrong. */
  readonly outcome: 'fine' | 'problems' | 'outage';
  /** Whether the server answers without a token. */
  readonly isOpen: boolean;
  readonly findings: readonly Finding[];
  readonly passed: readonly CheckId[];
  readonly clients: readonly Verdict[];
  /** Number of listed tools; null if they could not be listed. */
  readonly tools: number | null;
}

const MARKS: { readonly [level in Level]: string } = { problem: '✗', outage: '✗', warning: '!' };

/** The report as text. */
export function textReport(report: Report, terminal: { readonly hasColours?: boolean }): string {
  const style = styleOf(terminal);
  const paint = { problem: style.red, outage: style.red, warning: style.yellow };
  const findings = report.findings.map(({ check, level, where, found, fix, rule }) =>
    [
      `${paint[level](`${MARKS[level]} ${level === 'outage' ? 'No answer' : CHECKS[check].title}`)} ${style.dim(`[${check}; ${rule}]`)}`,
      `    where: ${placeOf(where)}`,
      `    found: ${found}`,
      `    fix:   ${fix}`,
    ].join('\n'),
  );
  const clients = report.clients.map((client) => `  ${client.name.padEnd(11)} ${verdictText(client)}`);
  const head = report.outcome === 'fine' ? style.green(summaryOf(report)) : style.bold(summaryOf(report));
  return [head, ...findings, [style.bold('Clients'), ...clients].join('\n'), ...notesOf(report)].join('\n\n');
}

/** The report as Markdown. */
export function markdownReport(report: Report): string {
  const findings = report.findings.flatMap(({ check, level, where, found, fix, rule }) => [
    `### ${MARKS[level]} ${level === 'outage' ? 'No answer' : CHECKS[check].title}`,
    `- Where: ${code(placeOf(where))}\n- Found: ${code(found)}\n- Fix: ${escaped(fix)}\n- Rule: ${escaped(rule)} (${code(check)})`,
  ]);
  const clients = report.clients.map((client) => `| ${client.name} | ${escaped(verdictText(client))} |`);
  const table = ['| client | |', '| --- | --- |', ...clients].join('\n');
  return [`# Portcullis doctor: ${code(report.url)}`, summaryOf(report), ...findings, '## Clients', table, ...notesOf(report)].join('\n\n');
}

/** The report as JSON. */
export function jsonReport(report: Report): string {
  return JSON.stringify(report, null, 2);
}

function summaryOf({ outcome, findings, passed }: Report): string {
  const count = (level: Level, word: string): string => {
    const number = findings.filter((finding) => finding.level === level).length;
    return number === 0 ? '' : `${number} ${word}${number === 1 ? '' : 's'}, `;
  };
  const counts = `${count('problem', 'problem')}${count('outage', 'outage')}${count('warning', 'warning')}${passed.length} checks passed.`;
  if (outcome === 'outage') return `The server did not answer as it should; its configuration may be right. ${counts}`;
  return `${outcome === 'fine' ? 'Nothing is wrong.' : 'Something is wrong.'} ${counts}`;
}

function notesOf({ isOpen, tools }: Report): readonly string[] {
  if (isOpen) return ['The server answers without a token, so there is nothing to sign in to.'];
  return tools === null
    ? ['Nothing behind the guard was checked. Set PORTCULLIS_TOKEN to an access token to check sessions and tools.']
    : [];
}

function placeOf({ url, header, field }: Finding['where']): string {
  return `${url}${header === undefined ? '' : `, header ${header}`}${field === undefined ? '' : `, field ${field}`}`;
}

function verdictText({ verdict, knownBy, stoppedBy }: Verdict): string {
  if (verdict === 'stopped') return `cannot connect: ${stoppedBy.join(', ')}`;
  if (verdict === 'no way here') return 'calls from the internet, and this server is on this computer';
  if (verdict === 'connects') return `connects${knownBy === null ? '' : `, known by its ${knownBy}`}`;
  return verdict === 'unknown' ? 'not known: the server did not answer' : 'connects without a sign-in';
}

/** Escapes a server's text for Markdown, so that it makes no links and no markup. */
function code(text: string): string {
  const fence = '`'.repeat(Math.max(0, ...[...text.matchAll(/`+/g)].map(([ticks]) => ticks.length)) + 1);
  const pad = fence.length > 1 || text === '' ? ' ' : '';
  return `${fence}${pad}${text}${pad}${fence}`;
}

function escaped(text: string): string {
  return text.replace(/[\\`*_[\]<>|#]/g, (sign) => `\\${sign}`);
}
