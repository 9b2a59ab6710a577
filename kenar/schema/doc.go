// Package schema reads the submit schema of a category, and tells before a call
// what is wrong with the category_fields of a post.
//
// Kenar publishes one JSON Schema per category (Kenar docs,
// assets/submit-schema) and refuses a post that does not satisfy it. The
// schemas are JSON Schema with accents of their own, which Parse takes:
//
//   - "float" is the type of numbers with a fraction;
//   - "enumNames" beside "enum" holds the titles of the choices, in order;
//   - the choices of a list may stand beside "items" or inside it;
//   - null, an empty enum and a repeated choice say nothing.
//
// The keywords of JSON Schema draft 7 that restrict a value are obeyed, except
// format, which is a remark, and patterns that are not regular expressions as
// Go knows them (RE2). Every other keyword is ignored. A schema with a $ref is
// refused: Kenar's have none, and obeying half a schema would be a guess.
//
// Three rules come on top of the schema's own, because a call is too scarce to
// be spent on a slip. A field that the schema does not list is a fault, unless
// the schema speaks of additionalProperties or patternProperties. A field given
// twice is one. And so is a placeholder of Schema.Skeleton that was not filled
// in.
//
// Nothing here does I/O, and a Schema may be used by several goroutines at
// once.
package schema
