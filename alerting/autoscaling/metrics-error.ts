/** Why a request for a metric has no answer. */
export type MetricsErrorReason =
  /** The request itself is wrong. */
  | 'invalid'
  /** No such metric is served, or not of such objects. */
  | 'unknownMetric'
  /** There is no such object. */
  | 'unknownObject'
  /** The objects are there, and none has a value that may be served: never had one, is older than the bound, is not a number. */
  | 'noValue'
  /** It cannot be known now: the store fails, the objects have not been listed yet. */
  | 'unavailable'
  /** More is asked for than a limit allows. */
  | 'tooMuch';

/** Answered in place of metrics. An autoscaler that gets it changes nothing, so it is the answer whenever there is doubt. */
export class MetricsError extends Error {
  readonly reason: MetricsErrorReason;

  /** The message is for the user: which metric of which object, and why. It holds no secret. */
  constructor(reason: MetricsErrorReason, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'MetricsError';
    this.reason = reason;
  }
}
