import { Command, InvalidArgumentError, Option } from 'commander';
import { runIngest } from './ingest.ts';

function positive(text: string): number {
  const value = Number(text);
  if (!(value > 0)) throw new InvalidArgumentError('wanted a number above 0');
  return value;
}

function count(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1) throw new InvalidArgumentError('wanted a whole number above 0');
  return value;
}

function atLeastZero(text: string): number {
  const value = Number(text);
  if (!(value >= 0)) throw new InvalidArgumentError('wanted 0 or more');
  return value;
}

const program = new Command('bench').description('Benchmarks of Pharos beside other systems, on this machine.');

program
  .command('ingest')
  .description('scrape a farm of targets with Pharos and its peers; CPU, memory and disk per sample')
  .option('--targets <n>', 'targets', count, 200)
  .option('--series <n>', 'series of each target', count, 2000)
  .option('--interval <seconds>', 'scrape interval', positive, 5)
  .option('--duration <seconds>', 'how long is measured, after three rounds to warm up', positive, 180)
  .option('--lifetime <seconds>', 'seconds until a container is replaced by another (churn); 0: never', atLeastZero, 0)
  .addOption(
    new Option('--encoding <name>', 'what the farm sends to those who take gzip')
      .choices(['identity', 'gzip'])
      .default('identity'),
  )
  .option('--sequential', 'one contender after the other, instead of all at the same time', false)
  .option('--prometheus <path>', 'the Prometheus to compare with', 'prometheus')
  .option('--victoria <path>', 'the single-node VictoriaMetrics to compare with', 'victoria-metrics')
  .option('--skip <name...>', 'leave out pharos, prometheus or victoria-metrics', [])
  .option('--keep', 'keep the scratch directory', false)
  .action(async (options: Parameters<typeof runIngest>[0]) => {
    const complete = await runIngest(options, (line) => console.log(line));
    process.exitCode = complete ? 0 : 1;
  });

try {
  await program.parseAsync();
} catch (error) {
  console.error(`bench: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
