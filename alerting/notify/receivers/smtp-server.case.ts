import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { createSecureContext, TLSSocket } from 'node:tls';

export interface ReceivedMail {
  readonly from: string;
  readonly to: readonly string[];
  /** Headers and body as they came, without the dots of SMTP. */
  readonly source: string;
  readonly encrypted: boolean;
  /** Who has logged in: `METHOD user`. */
  readonly login: string;
}

export interface SmtpOptions {
  readonly tls?: { readonly cert: string; readonly key: string };
  /** TLS from the first byte, instead of STARTTLS. */
  readonly implicitTls?: boolean;
  readonly user?: string;
  readonly password?: string;
  /** What EHLO says of AUTH. */
  readonly methods?: string;
  /** Replies in place of the usual ones, by the first word of the command. */
  readonly replies?: Readonly<Record<string, string>>;
  /** Commands that are never answered. */
  readonly silent?: string;
}

/** As much of an SMTP server as sends and receives one mail after the other, with STARTTLS, PLAIN, LOGIN and CRAM-MD5. */
export async function startSmtpServer(options: SmtpOptions = {}) {
  const mails: ReceivedMail[] = [];
  const commands: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    if (options.implicitTls === true) serve(secured(socket), true);
    else serve(socket, false);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');

  function secured(socket: Socket): TLSSocket {
    const secure = new TLSSocket(socket, { isServer: true, secureContext: createSecureContext(options.tls!) });
    return secure.on('error', () => {});
  }

  function serve(socket: Socket, encrypted: boolean, greets = true): void {
    const say = (text: string): void => void socket.write(`${text}\r\n`);
    let [from, login, data]: [string, string, string[] | undefined] = ['', '', undefined];
    let to: string[] = [];
    let expected: ((line: string) => void) | undefined;
    let rest = '';
    const check = (method: string, good: boolean): void => {
      login = good ? `${method} ${options.user}` : '';
      say(good ? '235 2.7.0 welcome' : '535 5.7.8 authentication failed');
    };

    function command(line: string): void {
      const word = line.split(/[ :]/)[0]!.toUpperCase();
      commands.push(line);
      if (options.silent === word) return;
      const reply = options.replies?.[word];
      if (reply !== undefined) say(reply);
      else (handlers[word] ?? (() => say('250 ok')))(line);
    }

    const handlers: Readonly<Record<string, (line: string) => void>> = {
      EHLO() {
        const offers = ['8BITMIME'];
        if (options.tls !== undefined && !encrypted) offers.push('STARTTLS');
        if (options.user !== undefined) offers.push(`AUTH ${options.methods ?? 'PLAIN LOGIN CRAM-MD5'}`);
        say('250-test.example');
        offers.forEach((offer, i) => {
          say(`250${i === offers.length - 1 ? ' ' : '-'}${offer}`);
        });
      },
      STARTTLS() {
        say('220 go ahead');
        socket.removeAllListeners('data');
        serve(secured(socket), true, false);
      },
      AUTH: authenticate,
      MAIL(line) {
        from = line;
        say('250 sender ok');
      },
      RCPT(line) {
        const address = /<([^>]*)>/.exec(line)![1]!;
        if (address.startsWith('nobody@')) {
          say('550 5.1.1 no such user');
          return;
        }
        to.push(address);
        say('250 recipient ok');
      },
      DATA() {
        data = [];
        say('354 go on');
      },
      QUIT() {
        say('221 bye');
        socket.end();
      },
    };

    function authenticate(line: string): void {
      const [, method = '', initial] = line.split(' ');
      const { user = '', password = '' } = options;
      if (method === 'PLAIN' && initial !== undefined) {
        const good = Buffer.from(initial, 'base64').toString() === `\0${user}\0${password}`;
        check(method, good);
        return;
      }
      if (method === 'LOGIN') {
        say(`334 ${base64('Username:')}`);
        expected = (name) => {
          say(`334 ${base64('Password:')}`);
          expected = (word) => check(method, name === base64(user) && word === base64(password));
        };
        return;
      }
      const challenge = '<1.2@test>';
      say(`334 ${base64(challenge)}`);
      expected = (answer) => {
        const digest = createHmac('md5', password).update(challenge).digest('hex');
        check(method, answer === base64(`${user} ${digest}`));
      };
    }

    socket.on('data', (chunk: Buffer) => {
      const lines = (rest + chunk.toString()).split('\r\n');
      rest = lines.pop()!;
      for (const line of lines) {
        if (data !== undefined) {
          if (line !== '.') {
            data.push(line.replace(/^\.\./, '.'));
            continue;
          }
          mails.push({ from: /<([^>]*)>/.exec(from)?.[1] ?? '', to, source: data.join('\r\n'), encrypted, login });
          [data, to] = [undefined, []];
          say(options.replies?.END ?? '250 2.0.0 queued');
        } else if (expected !== undefined) {
          const take = expected;
          expected = undefined;
          take(line);
        } else command(line);
      }
    });
    if (greets && options.silent !== 'GREETING') say('220 test.example ESMTP');
  }

  return {
    port: (server.address() as AddressInfo).port,
    mails,
    commands,
    close: () =>
      new Promise<void>((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}
