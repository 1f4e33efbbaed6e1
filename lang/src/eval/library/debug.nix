# `lib.debug`: notes on the way, and small tests. Also at the top of `lib`.

inherit (builtins) trace addErrorContext unsafeGetAttrPos;

# The last argument; if the condition holds, the message is shown as a note.
# :: Bool -> String -> a -> a
# lib.traceIf false "here" 1 => 1
traceIf = cond: message: value: if cond then builtins.trace message value else value;

# The second argument; what the function makes of it is shown as a note.
# :: (a -> b) -> a -> a
# lib.traceValFn toString 1 => 1
traceValFn = f: value: builtins.trace (f value) value;

# Its argument, which is shown as a note.
# :: a -> a
# lib.traceVal 1 => 1
traceVal = lib.traceValFn lib.id;

# The second argument; the first is evaluated with all that is in it and shown as a note.
# :: a -> b -> b
# lib.traceSeq { a = 1; } 1 => 1
traceSeq = shown: value: builtins.trace (builtins.deepSeq shown shown) value;

# The same down to a depth; what is below is shown as `…`.
# :: Int -> a -> b -> b
# lib.traceSeqN 1 { a.b = 1; } 1 => 1
traceSeqN = depth: shown: value:
  let
    cut = depth: v:
      if builtins.isList v && v != [ ] then if depth == 0 then "[…]" else map (cut (depth - 1)) v
      else if builtins.isAttrs v && v != { } then if depth == 0 then "{…}" else builtins.mapAttrs (name: cut (depth - 1)) v
      else v;
    pretty = lib.generators.toPretty { allowPrettyValues = true; } (cut depth shown);
  in
  builtins.trace pretty value;

# The second argument; what the function makes of it is evaluated with all that is in it and shown as a note.
# :: (a -> b) -> a -> a
# lib.traceValSeqFn (x: [ x ]) 1 => 1
traceValSeqFn = f: value: lib.traceValFn f (builtins.deepSeq value value);

# Its argument, evaluated with all that is in it and shown as a note.
# :: a -> a
# lib.traceValSeq 1 => 1
traceValSeq = lib.traceValSeqFn lib.id;

# The last argument; what the function makes of it is shown as a note, down to a depth.
# :: (a -> b) -> Int -> a -> a
# lib.traceValSeqNFn (x: [ x ]) 1 2 => 2
traceValSeqNFn = f: depth: value: lib.traceSeqN depth (f value) value;

# The second argument, shown as a note down to a depth.
# :: Int -> a -> a
# lib.traceValSeqN 1 2 => 2
traceValSeqN = lib.traceValSeqNFn lib.id;

# What a function gives; its name, argument and result are shown as a note, down to a depth.
# :: Int -> String -> (a -> b) -> a -> b
# lib.traceFnSeqN 1 "double" (x: x * 2) 3 => 6
traceFnSeqN = depth: name: f: value:
  let result = f value;
  in lib.traceSeqN depth { fn = name; from = value; to = result; } result;

# Of tests, sets with `expr` and `expected`, those that fail. Their names begin with `test`.
# :: {{ expr :: a; expected :: a; }} -> [{ name, expected, result }]
# lib.runTests { testSum = { expr = 1 + 1; expected = 3; }; } => [ { name = "testSum"; expected = 3; result = 2; } ]
runTests = tests:
  let
    wanted = tests.tests or [ ];
    named = name: if wanted == [ ] then lib.hasPrefix "test" name else builtins.elem name wanted;
    failed = lib.filterAttrs (name: test: name != "tests" && named name && test.expr != test.expected) tests;
  in
  lib.mapAttrsToList (name: test: { inherit name; inherit (test) expected; result = test.expr; }) failed;

# A test that every item of a list is true.
# :: [Bool] -> { expr, expected }
# lib.testAllTrue [ true ] => { expr = [ true ]; expected = [ true ]; }
testAllTrue = expr: { inherit expr; expected = map (x: true) expr; };
