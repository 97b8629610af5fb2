/**
 * The OpenAPI 2 document in protobuf, which kubectl up to 1.26 takes in no other form when it explains something: message Document
 * of gnostic's openapi_v2, of which only the definitions, with what kubectl reads of them. Paths are left out.
 */

/** As kubectl asks for it, with an @ that no media type may have, and as it is answered. */
const ASKED = /application\/com\.github\.proto-openapi\.spec\.v2[@.]v1\.0\+protobuf/;
export const OPENAPI_PROTOBUF = 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf';

/** A schema as it is in JSON. */
export interface JsonSchema {
  readonly $ref?: string;
  readonly type?: string;
  readonly format?: string;
  readonly description?: string;
  readonly required?: readonly string[];
  readonly items?: JsonSchema;
  readonly additionalProperties?: JsonSchema;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly 'x-kubernetes-group-version-kind'?: unknown;
}

export interface JsonDocument {
  readonly swagger: string;
  readonly info: { readonly title: string; readonly version: string };
  readonly paths: object;
  readonly definitions: Readonly<Record<string, JsonSchema>>;
}

const EXTENSION = 'x-kubernetes-group-version-kind';

/** Whether an Accept header asks for it. */
export function asksForOpenApiProtobuf(accept: string | undefined): boolean {
  return accept !== undefined && ASKED.test(accept);
}

export function openApiProtobuf({ swagger, info, definitions }: JsonDocument): Buffer {
  return Buffer.concat([
    text(1, swagger),
    message(2, text(1, info.title), text(2, info.version)),
    message(8),
    message(9, ...named(definitions)),
  ]);
}

/** Schemas by their names, each as the first field. */
function named(schemas: Readonly<Record<string, JsonSchema>>): readonly Buffer[] {
  return Object.entries(schemas).map(([name, schema]) =>
    message(1, text(1, name), message(2, ...schemaFields(schema))),
  );
}

function schemaFields(schema: JsonSchema): readonly Buffer[] {
  const { $ref, format, description, required = [], additionalProperties, type, items, properties } = schema;
  const fields: Buffer[] = [];
  if ($ref !== undefined) fields.push(text(1, $ref));
  if (format !== undefined) fields.push(text(2, format));
  if (description !== undefined) fields.push(text(4, description));
  for (const name of required) fields.push(text(19, name));
  if (additionalProperties !== undefined) fields.push(message(21, message(1, ...schemaFields(additionalProperties))));
  if (type !== undefined) fields.push(message(22, text(1, type)));
  if (items !== undefined) fields.push(message(23, message(1, ...schemaFields(items))));
  if (properties !== undefined) fields.push(message(25, ...named(properties)));
  // An extension's value is YAML, and JSON is YAML.
  const extension = schema[EXTENSION];
  if (extension !== undefined)
    fields.push(message(31, text(1, EXTENSION), message(2, text(2, JSON.stringify(extension)))));
  return fields;
}

function text(field: number, value: string): Buffer {
  return bytes(field, Buffer.from(value));
}

function message(field: number, ...fields: readonly Buffer[]): Buffer {
  return bytes(field, Buffer.concat(fields));
}

/** A field of the wire type that says its length. */
function bytes(field: number, value: Buffer): Buffer {
  return Buffer.concat([varint((field << 3) | 2), varint(value.length), value]);
}

function varint(value: number): Buffer {
  const parts: number[] = [];
  for (let left = value; left > 0 || parts.length === 0; left = Math.floor(left / 128)) parts.push(left % 128);
  return Buffer.from(parts.map((part, i) => (i < parts.length - 1 ? part | 0x80 : part)));
}
