import fc from 'fast-check';
import { expect, it } from 'vitest';
import { TemplateSet } from './template-set.ts';
import { GoStruct } from './value.ts';

const set = new TemplateSet([], new Map());
const expand = (template: string, value: string): string => set.html(template, new GoStruct('data', { V: value }));

/** Strings that would like to be markup. */
const nasty = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc
    .array(
      fc.constantFrom(
        '<',
        '>',
        '"',
        "'",
        '`',
        '=',
        ' ',
        '\n',
        '/',
        '&',
        '-->',
        '</script>',
        '<!--',
        'javascript:',
        'on',
        '\0',
        '+',
        '}}',
      ),
      {
        maxLength: 12,
      },
    )
    .map((parts) => parts.join('')),
);

/** What a value may stand between, and what it may not hold there. */
const PLACES: readonly (readonly [before: string, after: string, forbidden: RegExp])[] = [
  ['<p>', '</p>', /[<>"']/],
  ['<p title="', '">x</p>', /[<>"']/],
  ["<p title='a ", " b'>x</p>", /[<>"']/],
  ['<p title=', '>x</p>', /[<>"'`=\t-\r ]/],
  ['<a href="', '">x</a>', /[<>"'\s]|^\s*(?:javascript|data|vbscript):/i],
  ['<a href="/q?', '">x</a>', /[<>"'\s]/],
  ['<b ', '>x</b>', /[<>"'=\s/]|^on/i],
  ['<b onclick="f(', ')">x</b>', /[<>"']/],
  ['<p style="color: ', '">x</p>', /[^A-Za-z]/],
  ['<script>f(', ')</script><i>', /[<>\n]/],
  ['<style>', '</style><i>', /[^A-Za-z]/],
];

it.each(PLACES)('lets no value out of its place between %s and %s', (before, after, forbidden) => {
  fc.assert(
    fc.property(nasty, (value) => {
      // What follows shows that the text after the value was read for what it is.
      const page = expand(`${before}{{ .V }}${after}{{ "<" }}`, value);
      expect(page.startsWith(before)).toBe(true);
      expect(page.endsWith(`${after}&lt;`)).toBe(true);
      expect(page.slice(before.length, -`${after}&lt;`.length)).not.toMatch(forbidden);
    }),
    { numRuns: 300 },
  );
});

it('leaves comments away, with the values in them', () => {
  fc.assert(
    fc.property(nasty, (value) => {
      expect(expand('a<!-- {{ .V }} -->b{{ "<" }}', value)).toBe('ab&lt;');
    }),
  );
});

it('gives text back that a browser decodes to the value', () => {
  const decode = (text: string): string =>
    text
      .replace(/&#(\d+);/g, (_, code: string) => String.fromCodePoint(Number(code)))
      .replaceAll('&lt;', '<')
      .replaceAll('&gt;', '>')
      .replaceAll('&amp;', '&');
  fc.assert(
    fc.property(nasty, (value) => {
      expect(decode(expand('{{ .V }}', value))).toBe(value.replaceAll('\0', '\ufffd'));
      expect(decode(expand('<p title="{{ .V }}">', value).slice(10, -2))).toBe(value.replaceAll('\0', '\ufffd'));
    }),
  );
});
