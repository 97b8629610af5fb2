import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Expr } from '../promql/ast.ts';
import { parseExpr } from '../promql/parser.ts';
import { pretty } from '../promql/pretty.ts';
import { QueryError } from '../query-result.ts';
import { astJson } from './ast-json.ts';
import { invalid, Parameters } from './parameters.ts';
import type { QueryApiDeps } from './query-api-deps.ts';
import { objectChunks } from './render.ts';
import { sendChunks } from './send-chunks.ts';

/** Adds format_query and parse_query: what a query's text means, without running it. */
export function addSyntaxEndpoints(scope: FastifyInstance, deps: QueryApiDeps): void {
  const parsed = (request: FastifyRequest): Expr => {
    try {
      return parseExpr(Parameters.of(request).text('query'), { features: deps.features ?? new Set() });
    } catch (error) {
      throw error instanceof QueryError && error.type === 'bad_data' ? invalid('query', error.message) : error;
    }
  };
  const serve = (url: string, data: (expr: Expr) => unknown): void => {
    scope.route({
      method: ['GET', 'POST'],
      url,
      handler: async (request, reply) => sendChunks(request, reply, objectChunks(data(parsed(request)))),
    });
  };
  serve('/format_query', pretty);
  serve('/parse_query', astJson);
}
