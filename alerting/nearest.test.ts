import { describe, expect, it } from 'vitest';
import { nearest } from './nearest.ts';

describe('the nearest word', () => {
  const words = ['scrape_interval', 'scrape_timeout', 'scheme', 'params', 'job_name'];
  it.each([
    ['scrap_interval', 'scrape_interval'],
    ['scrape_intreval', 'scrape_interval'],
    ['Scheme', 'scheme'],
    ['shceme', 'scheme'],
    ['param', 'params'],
    ['jobname', 'job_name'],
    ['x', undefined],
    ['something_else', undefined],
    ['', undefined],
  ])('to %j is %j', (word, wanted) => {
    expect(nearest(word, words)).toBe(wanted);
  });
});
