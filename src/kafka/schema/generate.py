"""Reads the schemas of this folder and writes, for each, the C++ structs of its request and response with their codecs.

    generate.py api SCHEMA INCLUDE FOLDER          one API: FOLDER/<schema>.h and .cc, to be included as "INCLUDE/<schema>.h"
    generate.py registry INCLUDE FOLDER SCHEMA...  FOLDER/message_registry.cc, the table of all messages, for tests, fuzzing and tools

A schema is `api NAME KEY`, `versions A-B`, `flexible N+` (or `flexible never`), then `request` and `response`, each with one field a line:

    name type [versions] [nullable versions] [tag N] [= default] [ignorable] [key]

Types: bool int8 int16 int32 int64 string bytes chain (bytes in pieces) uuid topic_id error, a struct (CamelCase, its fields indented below
it), []element, and `?` for what may be null: in all versions of the field, unless `nullable` names some. Versions are `3+`, `3-7` or `3`; without them
a field is in all versions of what contains it. `ignorable`: may be dropped where a version lacks it; otherwise a value that is not the
default is then an error. `key` tells the reader which field names an element within its array.
"""

import re
import sys
from dataclasses import dataclass, field as dataclass_field

MAX_VERSION = 32767
# Schema type: C++ type, fewest bytes on the wire (flexible and not).
PRIMITIVES = {
    "bool": ("bool", (1, 1)),
    "int8": ("std::int8_t", (1, 1)),
    "int16": ("std::int16_t", (2, 2)),
    "int32": ("std::int32_t", (4, 4)),
    "int64": ("std::int64_t", (8, 8)),
    "error": ("ErrorCode", (2, 2)),
    "uuid": ("std::array<std::byte, 16>", (16, 16)),
    "topic_id": ("TopicId", (16, 16)),
    "string": ("std::string", (1, 2)),
    "bytes": ("SharedBytes", (1, 4)),
    "chain": ("ByteChain", (1, 4)),
}
NUMBERS = {"int8", "int16", "int32", "int64"}


class SchemaError(Exception):
    pass


@dataclass(frozen=True)
class Versions:
    first: int
    last: int

    @staticmethod
    def parse(text):
        match = re.fullmatch(r"(\d+)(\+|-(\d+))?", text)
        if not match:
            raise SchemaError(f"'{text}' is no range of versions")
        first = int(match[1])
        return Versions(first, MAX_VERSION if match[2] == "+" else int(match[3] or first))

    def within(self, other):
        return Versions(max(self.first, other.first), min(self.last, other.last))

    def empty(self):
        return self.first > self.last

    def condition(self, context):
        """The C++ condition for `version`, which is known to be within `context`; '' if it always holds."""
        parts = []
        if self.first > context.first:
            parts.append(f"version >= {self.first}")
        if self.last < context.last:
            parts.append(f"version <= {self.last}")
        return " && ".join(parts)


@dataclass
class Field:
    name: str
    type: str  # of the element, if it is an array
    array: bool
    optional: bool
    versions: Versions
    nullable: Versions
    tag: int | None
    default: str | None
    ignorable: bool
    key: bool
    struct: "Struct | None" = None

    def cpp_type(self):
        cpp = self.struct.outer_name if self.struct else PRIMITIVES[self.type][0]
        if self.array:
            cpp = f"std::vector<{cpp}>"
        return f"std::optional<{cpp}>" if self.optional else cpp

    def initializer(self):
        if self.optional:  # as in Kafka, what may be null is not null unless the schema says so
            return "" if self.default == "null" else f" = {self.cpp_type()[len('std::optional<'):-1]}()"
        if self.type in NUMBERS and not self.array:
            default = self.default or "0"
            if default == "-9223372036854775808" or default == "-2147483648":
                return f" = std::numeric_limits<{self.cpp_type()}>::min()"
            return f" = {default}"
        if self.type == "bool" and not self.array:
            return f" = {self.default or 'false'}"
        if self.type == "error" and not self.array:
            return " = ErrorCode::kNone"
        return "" if self.array or self.struct or self.type in ("string", "bytes", "chain") else "{}"

    def is_set(self, value):
        """The C++ condition that it differs from its default."""
        if self.optional:
            return f"{value}.has_value()" if self.default == "null" else f"(!{value} || !{value}->empty())"
        if self.array or self.type in ("string", "bytes", "chain"):
            return f"!{value}.empty()"
        if self.struct:
            return f"!({value} == {self.struct.outer_name}())"
        initializer = self.initializer()
        return f"{value} != {initializer[3:] if initializer != '{}' else self.cpp_type() + '()'}"


@dataclass
class Struct:
    name: str
    outer_name: str  # with the message's name in front: unique in the namespace
    versions: Versions
    fields: list = dataclass_field(default_factory=list)
    compared: bool = False

    def nested(self):
        for field in self.fields:
            if field.struct:
                yield from field.struct.nested()
                yield field.struct


@dataclass
class Api:
    name: str = ""
    key: int = -1
    versions: Versions = Versions(0, 0)
    flexible: int = MAX_VERSION
    comments: list = dataclass_field(default_factory=list)
    messages: dict = dataclass_field(default_factory=dict)


def parse_field(words, parent, message):
    name, kind, *rest = words
    array = kind.startswith("[]")
    optional = kind.endswith("?")
    kind = kind.removeprefix("[]").removesuffix("?")
    if kind not in PRIMITIVES and not re.fullmatch(r"[A-Z]\w*", kind):
        raise SchemaError(f"unknown type '{kind}'")
    versions = Versions.parse(rest.pop(0)) if rest and rest[0][0].isdigit() else parent.versions
    field = Field(name, kind, array, optional, versions.within(parent.versions), versions, None, None, False, False)
    if field.versions.empty():
        raise SchemaError(f"'{name}' is in no version")
    while rest:
        match rest:
            case ["nullable", nullable, *rest]:
                field.nullable = Versions.parse(nullable)
            case ["tag", number, *rest]:
                field.tag = int(number)
            case ["=", default, *rest]:
                field.default = default
            case ["ignorable", *rest]:
                field.ignorable = True
            case ["key", *rest]:
                field.key = True
            case _:
                raise SchemaError(f"'{rest[0]}' is not understood")
    if kind not in PRIMITIVES:
        field.struct = Struct(kind, message.name + kind, field.versions, compared=parent.compared or (not array and not optional))
        if optional and not array and field.default != "null":
            raise SchemaError("a struct that may be null is null by default: say '= null'")
    return field


def parse(path):
    api = Api()
    stack = []  # (indentation, struct) of the structs that are open
    with open(path, encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            try:
                text = line.split("#")[0].rstrip()
                indentation = len(text) - len(text.lstrip())
                words = text.split()
                if line.startswith("#"):
                    api.comments.append(line[1:].strip())
                if not words:
                    continue
                if indentation == 0:
                    match words:
                        case ["api", name, key]:
                            api.name, api.key = name, int(key)
                        case ["versions", versions]:
                            api.versions = Versions.parse(versions)
                        case ["flexible", first]:
                            api.flexible = MAX_VERSION if first == "never" else Versions.parse(first).first
                        case [("request" | "response") as message]:
                            api.messages[message] = Struct(api.name + message.capitalize(), api.name + message.capitalize(), api.versions)
                            stack = [(0, api.messages[message])]
                        case _:
                            raise SchemaError(f"'{words[0]}' is not understood")
                    continue
                while stack and stack[-1][0] >= indentation:
                    stack.pop()
                if not stack:
                    raise SchemaError("a field outside of request and response")
                field = parse_field(words, stack[-1][1], stack[0][1])
                stack[-1][1].fields.append(field)
                if field.struct:
                    stack.append((indentation, field.struct))
            except (SchemaError, ValueError) as error:
                raise SystemExit(f"{path}:{number}: {error}")
    for message in api.messages.values():
        check(path, api, message)
    return api


def check(path, api, message):
    names = [struct.name for struct in message.nested()]
    if len(names) != len(set(names)):
        raise SystemExit(f"{path}: two structs of one name in {message.name}")
    for struct in [*message.nested(), message]:
        tags = [field.tag for field in struct.fields if field.tag is not None]
        if tags != list(range(len(tags))):
            raise SystemExit(f"{path}: the tags of {struct.name} are not 0, 1, 2 .. in order")
        for field in struct.fields:
            if field.struct and not field.struct.fields:
                raise SystemExit(f"{path}: {field.struct.name} has no fields")
            if field.tag is not None and field.versions.first < api.flexible:
                raise SystemExit(f"{path}: {field.name} is tagged in a version that is not flexible")


def least_bytes(api, field):
    """The fewest bytes that an element of this array takes in any version."""

    def of(kind, struct, version):
        flexible = version >= api.flexible
        if struct is None:
            return PRIMITIVES[kind][1][0 if flexible else 1]
        total = 1 if flexible else 0
        for part in struct.fields:
            if part.tag is None and part.versions.first <= version <= part.versions.last:
                null = 1 if part.optional and part.struct else None
                total += (1 if flexible else 4) if part.array else null or of(part.type, part.struct, version)
        return total

    return min(of(field.type, field.struct, version) for version in range(field.versions.first, field.versions.last + 1))


class Codec:
    """The read and write functions of one struct."""

    def __init__(self, api, struct):
        self.api, self.struct = api, struct
        self.flexible = Versions(api.flexible, MAX_VERSION).condition(struct.versions)
        self.can_be_flexible = api.flexible <= struct.versions.last

    def nulls(self, field):
        condition = field.nullable.within(field.versions).condition(field.versions)
        return f"{condition} ? Nulls::kAllowed : Nulls::kRefused" if condition else "Nulls::kAllowed"

    def read_value(self, field):
        target = f"to.{field.name}"
        if field.array:
            nulls = f"{self.nulls(field)}, " if field.optional else ""
            one = "read(in, version, element)" if field.struct else "in.read(element)"
            return f"in.read_array({target}, {nulls}{least_bytes(self.api, field)}, [&](auto& element) {{ {one}; }});"
        if field.struct and field.optional:
            return f"in.read_struct({target}, {self.nulls(field)}, [&](auto& value) {{ read(in, version, value); }});"
        if field.struct:
            return f"read(in, version, {target});"
        return f"in.read({target}, {self.nulls(field)});" if field.optional else f"in.read({target});"

    def write_value(self, field):
        value = f"from.{field.name}"
        if field.array:
            one = "write(out, version, element);" if field.struct else "out.write(element);"
            if field.optional:
                return [f"out.write_count({value}, {self.nulls(field)});",
                        f"if ({value})", f"  for (const auto& element : *{value}) {one}"]
            return [f"out.write_length(static_cast<std::int64_t>({value}.size()));", f"for (const auto& element : {value}) {one}"]
        if field.struct and field.optional:
            return [f"if (out.write_presence({value}.has_value(), {self.nulls(field)})) write(out, version, *{value});"]
        if field.struct:
            return [f"write(out, version, {value});"]
        return [f"out.write({value}, {self.nulls(field)});"] if field.optional else [f"out.write({value});"]

    def reader(self):
        lines = []
        for field in self.struct.fields:
            if field.tag is None:
                condition = field.versions.condition(self.struct.versions)
                lines.append(f"  {f'if ({condition}) ' if condition else ''}{self.read_value(field)}")
        if self.can_be_flexible:
            lines += self.tags_reader()
        unused = "" if any(re.search(r"\bversion\b", line) for line in lines) else "/*version*/"
        return [f"void read(Reader& in, std::int16_t {unused or 'version'}, {self.struct.outer_name}& to) {{", *lines, "}"]

    def tags_reader(self):
        tagged = [field for field in self.struct.fields if field.tag is not None]
        guard = f"if ({self.flexible}) " if self.flexible else ""
        if not tagged:
            return [f"  {guard}in.skip_tags();"]
        lines = [f"  {guard}for (std::uint32_t left = in.tag_count(); left != 0 && in.ok(); --left) {{",
                 "    const Reader::Tag tag = in.begin_tag();", "    switch (tag.number) {"]
        for field in tagged:
            condition = field.versions.condition(Versions(max(self.api.flexible, self.struct.versions.first), self.struct.versions.last))
            read = f"{self.read_value(field)}"
            lines.append(f"      case {field.tag}:")
            if condition:
                lines += [f"        if ({condition}) {read}", "        else in.skip(tag);", "        break;"]
            else:
                lines += [f"        {read}", "        break;"]
        return lines + ["      default: in.skip(tag);", "    }", "    in.end_tag(tag);", "  }"]

    def writer(self):
        lines = []
        for field in self.struct.fields:
            condition = field.versions.condition(self.struct.versions)
            lost = f"if ({field.is_set(f'from.{field.name}')}) out.fail(CodecError::kFieldNotInVersion);"
            if field.tag is None and not condition:
                lines += [f"  {line}" for line in self.write_value(field)]
            elif field.tag is None:
                lines += [f"  if ({condition}) {{", *(f"    {line}" for line in self.write_value(field))]
                lines += ["  }"] if field.ignorable else ["  } else {", f"    {lost}", "  }"]
            elif condition and not field.ignorable:
                lines += [f"  if (!({condition})) {{", f"    {lost}", "  }"]
        if self.can_be_flexible:
            lines += self.tags_writer()
        unused = "" if any(re.search(r"\bversion\b", line) for line in lines) else "/*version*/"
        return [f"void write(Writer& out, std::int16_t {unused or 'version'}, const {self.struct.outer_name}& from) {{", *lines, "}"]

    def tags_writer(self):
        tagged = [field for field in self.struct.fields if field.tag is not None]
        if not tagged:
            return [f"  {f'if ({self.flexible}) ' if self.flexible else ''}out.write_varint(0);"]
        lines = []
        for field in tagged:
            condition = field.versions.condition(Versions(max(self.api.flexible, self.struct.versions.first), self.struct.versions.last))
            is_set = field.is_set(f"from.{field.name}")
            lines.append(f"  const bool has_{field.name} = {f'{condition} && {is_set}' if condition else is_set};")
        count = " + ".join(f"std::uint32_t{{has_{field.name}}}" for field in tagged)
        lines.append(f"  out.write_varint({count});")
        for field in tagged:
            lines += [f"  if (has_{field.name}) {{", f"    const Writer::Tag tag = out.begin_tag({field.tag});",
                      *(f"    {line}" for line in self.write_value(field)), "    out.end_tag(tag);", "  }"]
        if self.flexible:
            lines = [f"  if ({self.flexible}) {{", *(f"  {line}" for line in lines), "  }"]
        return lines


def struct_lines(struct):
    lines = []
    for field in struct.fields:
        note = "  // key" if field.key else ""
        lines.append(f"  {field.cpp_type()} {field.name}{field.initializer()};{note}")
    if struct.compared:
        lines.append(f"  bool operator==(const {struct.outer_name}&) const = default;")
    return lines


def header(api, schema):
    lines = [f"// Made from {schema}.schema by generate.py.", *(f"// {comment}" for comment in api.comments), "#pragma once", "",
             "#include <array>", "#include <cstddef>", "#include <cstdint>", "#include <limits>", "#include <optional>", "#include <string>", "#include <vector>", "",
             '#include "base/byte_chain.h"', '#include "base/ids.h"', '#include "base/shared_bytes.h"', '#include "kafka/api_key.h"',
             '#include "kafka/codec_error.h"', '#include "kafka/error_code.h"', "",
             "namespace firth::kafka {", "", "class Reader;", "class Writer;", ""]
    for message in api.messages.values():
        # Not defined inside the message: std::optional of a nested struct with default values would be asked whether it can be constructed
        # before the compiler knows.
        for struct in message.nested():
            lines += [f"struct {struct.outer_name} {{", *struct_lines(struct), "};", ""]
        lines.append(f"struct {message.name} {{")
        lines.append(f"  static constexpr ApiKey kApiKey{{{api.key}}};")
        lines.append(f"  static constexpr std::int16_t kMinVersion = {api.versions.first}, kMaxVersion = {api.versions.last}, "
                     f"kFirstFlexible = {api.flexible};")
        lines += [f"  using {struct.name} = {struct.outer_name};" for struct in message.nested()]
        lines.append("")
        lines += struct_lines(message)
        lines += ["", "  // REQUIRES: a message as constructed. Bytes are slices of the reader's frame. On an error, the message is unspecified.",
                  "  CodecError decode(Reader& in, std::int16_t version);", "  CodecError encode(Writer& out, std::int16_t version) const;",
                  "};", ""]
    return lines + ["}  // namespace firth::kafka"]


def source(api, schema, include):
    lines = [f"// Made from {schema}.schema by generate.py.", f'#include "{include}/{schema}.h"', "",
             '#include "kafka/reader.h"', '#include "kafka/writer.h"', "", "namespace firth::kafka {", "namespace {", ""]
    for message in api.messages.values():
        for struct in message.nested():
            codec = Codec(api, struct)
            lines += [*codec.reader(), "", *codec.writer(), ""]
    bodies = []
    for message in api.messages.values():
        codec = Codec(api, message)
        lines += [*codec.reader(), "", *codec.writer(), ""]
        for kind, stream, call in (("decode", "Reader& in", "read(in, version, *this)"), ("encode", "Writer& out", "write(out, version, *this)")):
            name = stream.split()[-1]
            bodies += [f"CodecError {message.name}::{kind}({stream}, std::int16_t version){' const' if kind == 'encode' else ''} {{",
                       "  if (version < kMinVersion || version > kMaxVersion) return CodecError::kVersion;",
                       f"  {name}.set_flexible(version >= kFirstFlexible);", f"  {call};", f"  return {name}.error();", "}", ""]
    return [*lines, "}  // namespace", "", *bodies, "}  // namespace firth::kafka"]


def registry(apis, include):
    lines = ["// Made by generate.py: every message, for what treats all alike.", '#include "kafka/message_registry.h"', ""]
    lines += [f'#include "{include}/{schema}.h"' for schema, _ in apis]
    lines += ["", "namespace firth::kafka {", "namespace {", "", "constexpr MessageRow kRows[] = {"]
    for _, api in sorted(apis, key=lambda entry: entry[1].key):
        lines += [f"    message_row<{message.name}>(\"{message.name}\", MessageKind::k{kind.capitalize()})," for kind, message in api.messages.items()]
    return lines + ["};", "", "}  // namespace", "", "std::span<const MessageRow> message_rows() { return kRows; }", "",
                    "}  // namespace firth::kafka"]


def save(path, lines):
    with open(path, "w", encoding="utf-8") as out:
        out.write("\n".join(lines) + "\n")


def stem(path):
    return path.rsplit("/", 1)[-1].removesuffix(".schema")


def main(arguments):
    match arguments:
        case ["api", schema, include, folder]:
            api = parse(schema)
            save(f"{folder}/{stem(schema)}.h", header(api, stem(schema)))
            save(f"{folder}/{stem(schema)}.cc", source(api, stem(schema), include))
        case ["registry", include, folder, *schemas]:
            save(f"{folder}/message_registry.cc", registry([(stem(schema), parse(schema)) for schema in schemas], include))
        case _:
            raise SystemExit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
