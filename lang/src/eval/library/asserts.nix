# `lib.asserts`: conditions with messages. Also at the top of `lib`.

# True, or a failure with this message.
# :: Bool -> String -> Bool
# lib.assertMsg (1 > 2) "one is not more than two" => error: one is not more than two
assertMsg = holds: message: holds || throw message;

# True, or a failure that says what the value may be.
# :: String -> a -> [a] -> Bool
# lib.assertOneOf "colour" "red" [ "red" "blue" ] => true
assertOneOf = name: value: values:
  lib.assertMsg (builtins.elem value values)
    "${name} must be one of ${lib.generators.toPretty { } values}, but is: ${lib.generators.toPretty { } value}";

# True, or a failure that says what each of the values may be.
# :: String -> [a] -> [a] -> Bool
# lib.assertEachOneOf "colours" [ "red" ] [ "red" "blue" ] => true
assertEachOneOf = name: found: values:
  lib.assertMsg (builtins.all (value: builtins.elem value values) found)
    "each element in ${name} must be one of ${lib.generators.toPretty { } values}, but is: ${lib.generators.toPretty { } found}";

# The last argument, with these warnings, unless one of the assertions fails.
# :: [{ assertion :: Bool; message :: String; }] -> [String] -> a -> a
# lib.asserts.checkAssertWarn [ { assertion = true; message = "no"; } ] [ ] 1 => 1
checkAssertWarn = assertions: warnings: value:
  let failed = builtins.filter (one: !one.assertion) assertions;
  in if failed == [ ] then lib.showWarnings warnings value
  else throw "\nFailed assertions:\n${lib.concatMapStringsSep "\n" (one: "- ${one.message}") failed}";
