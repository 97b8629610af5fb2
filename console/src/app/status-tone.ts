/** What a state is to the one who has to act on it. */
export type Tone = 'good' | 'busy' | 'warning' | 'bad' | 'unknown';

const WORDS: readonly [Tone, RegExp][] = [
  [
    'bad',
    /backoff|err|fail|notready|not ready|oomkilled|evicted|down|firing|serious|critical|crash|invalid|lost|unhealthy|abnormal/,
  ],
  [
    'warning',
    /pending|warn|unavailable|degraded|partial|cordoned|schedulingdisabled|pressure|throttl|stale|remind|late/,
  ],
  ['busy', /creating|initiali|terminating|progress|starting|rolling|waiting|silenced|limited|info/],
  [
    'good',
    /running|ready|healthy|^up$|^ok$|succeed|success|complete|active|available|bound|normal|inactive|resolved|^good$|joined|enabled/,
  ],
];

/** The tone of a status as Kubernetes, Prometheus and Pharos write it, in any case; unknown when the word is. */
export function statusTone(status: string): Tone {
  const word = status.toLowerCase();
  return WORDS.find(([, pattern]) => pattern.test(word))?.[0] ?? 'unknown';
}
