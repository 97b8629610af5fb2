/** How the operators of policies are written for people; a change in percent is a comparison of it. */
export const OPERATOR_SIGNS: Readonly<Record<string, string>> = {
  gt: '>',
  ge: '>=',
  lt: '<',
  le: '<=',
  eq: '=',
  ne: '!=',
  increase: 'increase >',
  decrease: 'decrease >',
};
