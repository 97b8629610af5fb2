/**
 * Escapes values by where they stand in a page of HTML, as Go's html/template does: its static analysis asks the same questions that
 * are asked here while the page is written. A state machine follows the author's own text, tag by tag; values never change its state,
 * since they are escaped so that they cannot.
 */
import type { Escaper } from './evaluator.ts';
import { formatValue } from './format.ts';
import { GoHtml } from './go-html.ts';
import { toJson } from './go-json.ts';
import type { Value } from './value.ts';

/** Attributes whose values are URLs. */
const URL_ATTRIBUTES =
  /^(?:href|src|action|formaction|cite|data|poster|background|longdesc|manifest|codebase|xlink:href)$/;
/** What Go writes in place of a value that must not stand where it stands. */
const REFUSED = 'ZgotmplZ';

const COMMENT = '<!--';

const HTML: Readonly<Record<string, string>> = {
  '"': '&#34;',
  '&': '&amp;',
  "'": '&#39;',
  '+': '&#43;',
  '<': '&lt;',
  '>': '&gt;',
  '\0': '\ufffd',
};

type State = 'text' | 'comment' | 'tag' | 'attribute' | 'raw';

/** For one expansion of one template. */
export class HtmlEscaper implements Escaper {
  #state: State = 'text';
  /** Of `tag` and `attribute`: the element; of `raw`: script or style, until its end tag. */
  #element = '';
  /** What of the tag was read, up to the value that has begun. */
  #tag = '';
  /** Of `attribute`. */
  #attribute = '';
  #quote = '';
  #value = '';

  /** Without comments, which Go leaves away too. */
  literal(text: string): string {
    let written = '';
    for (let rest = text; rest !== ''; ) {
      const begun = this.#state === 'comment';
      const length = this.#take(rest);
      if (!begun) {
        const taken = rest.slice(0, length);
        // Only the text before a comment is taken together with its beginning.
        written += (this.#state as State) === 'comment' ? taken.slice(0, -COMMENT.length) : taken;
      }
      rest = rest.slice(length);
    }
    return written;
  }

  escaped(value: Value): string {
    const text = formatValue(value);
    switch (this.#state) {
      case 'text':
        return value instanceof GoHtml ? text : escapeHtml(text);
      case 'comment':
        return '';
      case 'tag':
        // Only a name can stand here, and one that says nothing of scripts or styles.
        return /^[A-Za-z][A-Za-z0-9-]*$/.test(text) && !/^(?:on|style|src|href)/i.test(text) ? text : REFUSED;
      case 'attribute':
        return this.#inAttribute(value, text);
      case 'raw':
        return this.#element === 'script' ? toJson(value) : REFUSED;
      default:
        return this.#state satisfies never;
    }
  }

  #inAttribute(value: Value, text: string): string {
    const started = this.#value !== '';
    this.#value += 'x';
    if (/^on/.test(this.#attribute)) return escapeHtml(toJson(value));
    if (this.#attribute === 'style') return REFUSED;
    if (!URL_ATTRIBUTES.test(this.#attribute)) return this.#forQuote(escapeHtml(stripTags(value, text)));
    if (!started && !isSafeUrl(text)) return `#${REFUSED}`;
    return this.#forQuote(escapeHtml(normalizeUrl(text)));
  }

  /** Without quotes around it, a value ends at a space. */
  #forQuote(escaped: string): string {
    if (this.#quote !== '') return escaped;
    return escaped.replace(/[\t-\r `=]/g, (char) => `&#${char.charCodeAt(0)};`);
  }

  /** Reads some of the text, at least one character, and says how many. */
  #take(text: string): number {
    switch (this.#state) {
      case 'text':
        return this.#takeText(text);
      case 'comment':
        return this.#until(text, '-->');
      case 'raw': {
        const end = text.toLowerCase().indexOf(`</${this.#element}`);
        if (end === -1) return text.length;
        this.#open(`/${this.#element}`);
        return end + 2 + this.#element.length;
      }
      case 'tag':
        return this.#takeTag(text);
      case 'attribute':
        return this.#takeValue(text);
      default:
        return this.#state satisfies never;
    }
  }

  #takeText(text: string): number {
    const begin = text.indexOf('<');
    if (begin === -1) return text.length;
    if (text.startsWith(COMMENT, begin)) {
      this.#state = 'comment';
      return begin + COMMENT.length;
    }
    const name = /^<\/?([A-Za-z][^\s/>]*)/.exec(text.slice(begin));
    if (name === null) return begin + 1;
    this.#open(name[0].startsWith('</') ? `/${name[1]}` : name[1]!);
    return begin + name[0].length;
  }

  #open(element: string): void {
    this.#state = 'tag';
    this.#element = element.toLowerCase();
    this.#tag = '';
  }

  #takeTag(text: string): number {
    if (text[0] === '>') {
      this.#state = /^(?:script|style)$/.test(this.#element) ? 'raw' : 'text';
      return 1;
    }
    this.#tag += text[0];
    const begun = /([^\s"'<>=/]+)\s*=\s*(["']?)$/.exec(this.#tag);
    // An unquoted value begins with its first character, or with the end of the author's text.
    if (begun === null || (begun[2] === '' && /^(?:\s|["'])/.test(text.slice(1)))) return 1;
    this.#state = 'attribute';
    this.#attribute = begun[1]!.toLowerCase();
    this.#quote = begun[2]!;
    this.#value = '';
    return 1;
  }

  #takeValue(text: string): number {
    const end = this.#quote === '' ? text.search(/[\s>]/) : text.indexOf(this.#quote);
    this.#value += end === -1 ? text : text.slice(0, end);
    if (end === -1) return text.length;
    this.#state = 'tag';
    this.#tag = '';
    if (this.#quote !== '') return end + 1;
    // What ended it belongs to the tag.
    return end + this.#takeTag(text.slice(end));
  }

  #until(text: string, end: string): number {
    const at = text.indexOf(end);
    if (at === -1) return text.length;
    this.#state = 'text';
    return at + end.length;
  }
}

function escapeHtml(text: string): string {
  return text.replace(/["&'+<>\0]/g, (char) => HTML[char]!);
}

function stripTags(value: Value, text: string): string {
  return value instanceof GoHtml ? text.replace(/<[^>]*>/g, '') : text;
}

/** No scheme, or one that runs nothing. */
function isSafeUrl(text: string): boolean {
  const scheme = /^([^:/?#]*):/.exec(text.trim())?.[1];
  return scheme === undefined || /^(?:https?|mailto)$/i.test(scheme);
}

/** What a URL cannot hold is escaped; what is escaped stays. */
function normalizeUrl(text: string): string {
  return text.replace(/[^A-Za-z0-9\-._~:/?#[\]@!$&*+,;=%]/gu, (char) =>
    [...Buffer.from(char)].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join(''),
  );
}
