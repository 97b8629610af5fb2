import { findProgram } from '../bench/contenders/contender.ts';

/** Prometheus' program: PHAROS_TEST_PROMETHEUS, or `prometheus` in PATH; undefined when there is none. */
export function findPrometheus(environment: NodeJS.ProcessEnv): string | undefined {
  return findProgram([environment.PHAROS_TEST_PROMETHEUS ?? 'prometheus']);
}
