//! Every code of the language. One line each: what it means is told, with an example, in the book's chapter *Errors*.

crate::codes! {
    /// `builtins.abort` was called.
    ABORT = "abort";
    /// An address is not within a prefix of its network.
    ADDRESS_OUTSIDE_NETWORK = "address-outside-network";
    /// A node's arguments, properties or block are not what it takes.
    ARGUMENTS = "arguments";
    /// What must hold does not.
    ASSERTION = "assertion";
    /// A text is no address, prefix or hardware address.
    BAD_ADDRESS = "bad-address";
    /// `builtins.fromJSON` was given something else.
    BAD_JSON = "bad-json";
    /// A number is not written as numbers are.
    BAD_NUMBER = "bad-number";
    /// A regular expression is none.
    BAD_PATTERN = "bad-pattern";
    /// `builtins.fromTOML` was given something else.
    BAD_TOML = "bad-toml";
    /// A declaration's type is none.
    BAD_TYPE = "bad-type";
    /// `true` instead of `#true`.
    BARE_KEYWORD = "bare-keyword";
    /// Several definitions of one value.
    CONFLICT = "conflict";
    /// A value needs itself.
    CYCLE = "cycle";
    /// A name refers to nothing in its collection.
    DANGLING_REFERENCE = "dangling-reference";
    /// Division by zero.
    DIVISION_BY_ZERO = "division-by-zero";
    /// A number or address is too large for its prefix.
    DOES_NOT_FIT = "does-not-fit";
    /// The same name twice.
    DUPLICATE = "duplicate";
    /// The same address or number twice on one network.
    DUPLICATE_ADDRESS = "duplicate-address";
    /// `else` without an `if` before it.
    ELSE_WITHOUT_IF = "else-without-if";
    /// An expression is not written as expressions are.
    EXPRESSION_SYNTAX = "expression-syntax";
    /// An operator or function got a value of another type.
    EXPRESSION_TYPE = "expression-type";
    /// A character that a document cannot contain.
    FORBIDDEN_CHARACTER = "forbidden-character";
    /// A name of one's own hides an option.
    HIDES_OPTION = "hides-option";
    /// A module imports itself.
    IMPORT_CYCLE = "import-cycle";
    /// `import` without a path that is known beforehand.
    IMPORT_PATH = "import-path";
    /// An integer beyond 64 bits.
    INTEGER_OVERFLOW = "integer-overflow";
    /// An option that only its module defines.
    INTERNAL_OPTION = "internal-option";
    /// Somebody ended the evaluation.
    INTERRUPTED = "interrupted";
    /// The keys of a collection depend on the collection.
    KEY_CYCLE = "key-cycle";
    /// A part of Nix that is left out.
    LEFT_OUT = "left-out";
    /// A node of the language in a place where it cannot stand.
    MISPLACED = "misplaced";
    /// An option or param has no value.
    MISSING = "missing";
    /// A function was not given an argument it needs.
    MISSING_ARGUMENT = "missing-argument";
    /// A set has no such attribute.
    MISSING_ATTRIBUTE = "missing-attribute";
    /// A text with a character that only quotes allow.
    NEEDS_QUOTES = "needs-quotes";
    /// A file or module is not there.
    NOT_FOUND = "not-found";
    /// An index or count beyond what there is.
    OUT_OF_RANGE = "out-of-range";
    /// Evaluation took longer than the limit.
    OUT_OF_TIME = "out-of-time";
    /// A prefix has no address left.
    PREFIX_FULL = "prefix-full";
    /// A quoted string ends within its expression.
    QUOTE_IN_EXPRESSION = "quote-in-expression";
    /// A name that belongs to the language.
    RESERVED = "reserved";
    /// `'` where `"` is meant.
    SINGLE_QUOTE = "single-quote";
    /// An escape that KDL does not have.
    STRING_ESCAPE = "string-escape";
    /// A multi-line string whose lines are not as KDL wants them.
    STRING_LINES = "string-lines";
    /// A `}` too many.
    SURPLUS_BRACE = "surplus-brace";
    /// Text that is no KDL.
    SYNTAX = "syntax";
    /// A template calls itself.
    TEMPLATE_CYCLE = "template-cycle";
    /// `throw` was called.
    THROWN = "thrown";
    /// Deeper than the limit.
    TOO_DEEP = "too-deep";
    /// Larger than the limit.
    TOO_LARGE = "too-large";
    /// Longer at work than the limit.
    TOO_LONG = "too-long";
    /// `builtins.trace` speaks.
    TRACE = "trace";
    /// A value is not of its option's type.
    TYPE_MISMATCH = "type-mismatch";
    /// A `{` without its `}`.
    UNCLOSED_BLOCK = "unclosed-block";
    /// A function was given an argument it does not take.
    UNEXPECTED_ARGUMENT = "unexpected-argument";
    /// An annotation that means nothing.
    UNKNOWN_ANNOTATION = "unknown-annotation";
    /// Nothing has this name.
    UNKNOWN_NAME = "unknown-name";
    /// Nothing declares this option.
    UNKNOWN_OPTION = "unknown-option";
    /// A module or lab has no such param.
    UNKNOWN_PARAM = "unknown-param";
    /// The lab's value has no such path.
    UNKNOWN_PATH = "unknown-path";
    /// A declaration or template has no such property.
    UNKNOWN_PROPERTY = "unknown-property";
    /// An expression outside of a string.
    UNQUOTED_EXPRESSION = "unquoted-expression";
    /// A file that is there but cannot be read as text.
    UNREADABLE = "unreadable";
    /// A `/*` without its `*/`.
    UNTERMINATED_COMMENT = "unterminated-comment";
    /// A string without its end.
    UNTERMINATED_STRING = "unterminated-string";
    /// `warn` or `builtins.warn` speaks.
    WARNING = "warning";
}
