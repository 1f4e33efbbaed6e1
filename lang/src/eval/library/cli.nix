# `lib.cli`: command lines of sets of options. Named and meant as in nixpkgs.

# The words of a command line, as most programs take them: `-x VALUE`, `--name VALUE`, a list as the option again and again.
# :: { mkOptionName, mkBool, mkList, mkOption, optionValueSeparator } -> {a} -> [String]
# lib.cli.toGNUCommandLine { } { X = "PUT"; retry = 3; verbose = true; silent = false; } => [ "-X" "PUT" "--retry" "3" "--verbose" ]
toGNUCommandLine =
  { mkOptionName ? name: if builtins.stringLength name == 1 then "-${name}" else "--${name}"
  , mkBool ? name: value: lib.optional value (mkOptionName name)
  , mkList ? name: builtins.concatMap (mkOption name)
  , mkOption ? name: value:
      let text = lib.generators.mkValueStringDefault { } value;
      in if value == null then [ ]
      else if optionValueSeparator == null then [ (mkOptionName name) text ]
      else [ "${mkOptionName name}${optionValueSeparator}${text}" ]
  , optionValueSeparator ? null
  }: options:
  let
    words = name: value:
      if builtins.isBool value then mkBool name value
      else if builtins.isList value then mkList name value
      else mkOption name value;
  in
  builtins.concatLists (lib.mapAttrsToList words options);

# The same as one text for a shell.
# :: { mkOptionName, mkBool, mkList, mkOption, optionValueSeparator } -> {a} -> String
# lib.cli.toGNUCommandLineShell { } { name = "a b"; } => "--name 'a b'"
toGNUCommandLineShell = options: attrs: lib.escapeShellArgs (lib.cli.toGNUCommandLine options attrs);

# The words of a command line, where the function says of each option how it is written: `option`, `sep`, `explicitBool`, `formatArg`.
# :: (String -> { option, sep, explicitBool, formatArg }) -> {a} -> [String]
# lib.cli.toCommandLine (name: { option = "-${name}"; sep = "="; explicitBool = true; }) { v = true; n = [ 1 2 ]; } => [ "-n=1" "-n=2" "-v=true" ]
toCommandLine = optionFormat: attrs:
  let
    words = name: value:
      if name == "" then throw "lib.cli.toCommandLine only accepts non-empty option names."
      else builtins.concatMap (word (optionFormat name)) (lib.toList value);
    word = { option, sep, explicitBool, formatArg ? lib.generators.mkValueStringDefault { } }: value:
      if value == null || (!explicitBool && value == false) then [ ]
      else if !explicitBool && value == true then [ option ]
      else if sep == null then [ option (formatArg value) ]
      else [ "${option}${sep}${formatArg value}" ];
  in
  builtins.concatLists (lib.mapAttrsToList words attrs);

# The same as one text for a shell.
# :: (String -> { option, sep, explicitBool, formatArg }) -> {a} -> String
# lib.cli.toCommandLineShell (name: { option = "-${name}"; sep = "="; explicitBool = true; }) { v = "a b"; } => "'-v=a b'"
toCommandLineShell = optionFormat: attrs: lib.escapeShellArgs (lib.cli.toCommandLine optionFormat attrs);

# The words of a command line as GNU's programs take them: `-xVALUE`, `--name=VALUE`.
# :: { isLong, explicitBool, formatArg } -> {a} -> [String]
# lib.cli.toCommandLineGNU { } { v = true; i = ".bak"; data = 1; } => [ "--data=1" "-i.bak" "-v" ]
toCommandLineGNU =
  { isLong ? name: builtins.stringLength name > 1
  , explicitBool ? false
  , formatArg ? lib.generators.mkValueStringDefault { }
  }:
  lib.cli.toCommandLine (name: {
    option = if isLong name then "--${name}" else "-${name}";
    sep = if isLong name then "=" else "";
    inherit explicitBool formatArg;
  });

# The same as one text for a shell.
# :: { isLong, explicitBool, formatArg } -> {a} -> String
# lib.cli.toCommandLineShellGNU { } { name = "a b"; } => "'--name=a b'"
toCommandLineShellGNU = options: attrs: lib.escapeShellArgs (lib.cli.toCommandLineGNU options attrs);
