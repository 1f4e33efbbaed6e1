# `lib.generators`: values as text of common formats. Named and meant as in nixpkgs. The first argument of each is a set that
# says what is to be otherwise than usual; `{ }` for nothing.

# A value as most configuration files write it: texts as they are, `true`, `false` and `null` as words.
# :: { } -> a -> String
# lib.generators.mkValueStringDefault { } true => "true"
mkValueStringDefault = { }: value:
  let cannot = what: abort "generators.mkValueStringDefault: ${what} not supported: ${lib.generators.toPretty { } value}";
  in
  if builtins.elem (builtins.typeOf value) [ "int" "float" "string" ] || lib.isDerivation value then toString value
  else if value == true then "true"
  else if value == false then "false"
  else if value == null then "null"
  else if builtins.isList value then cannot "lists"
  else if builtins.isAttrs value then cannot "attrsets"
  else cannot "functions";

# A name, a separator, which is escaped in the name, and a value.
# :: { mkValueString } -> String -> String -> a -> String
# lib.generators.mkKeyValueDefault { } ":" "a:b" 1 => "a\\:b:1"
mkKeyValueDefault = { mkValueString ? lib.generators.mkValueStringDefault { } }: sep: name: value:
  "${lib.escape [ sep ] name}${sep}${mkValueString value}";

# Lines of a name and a value.
# :: { mkKeyValue, listsAsDuplicateKeys, indent } -> {a} -> String
# lib.generators.toKeyValue { } { a = 1; b = true; } => "a=1\nb=true\n"
toKeyValue = { mkKeyValue ? lib.generators.mkKeyValueDefault { } "=", listsAsDuplicateKeys ? false, indent ? "" }: attrs:
  let
    line = name: value: "${indent}${mkKeyValue name value}\n";
    lines = name: value: map (line name) (if listsAsDuplicateKeys then lib.toList value else [ value ]);
  in
  lib.concatStrings (builtins.concatLists (lib.mapAttrsToList lines attrs));

# Sections in brackets, each with lines of a name and a value.
# :: { mkSectionName, mkKeyValue, listsAsDuplicateKeys } -> {{a}} -> String
# lib.generators.toINI { } { lan = { mtu = 1500; }; } => "[lan]\nmtu=1500\n"
toINI =
  { mkSectionName ? lib.strings.escape [ "[" "]" ]
  , mkKeyValue ? lib.generators.mkKeyValueDefault { } "="
  , listsAsDuplicateKeys ? false
  }: sections:
  let section = name: values: "[${mkSectionName name}]\n${lib.generators.toKeyValue { inherit mkKeyValue listsAsDuplicateKeys; } values}";
  in lib.concatMapAttrsStringSep "\n" section sections;

# The same with lines before the first section.
# :: { mkSectionName, mkKeyValue, listsAsDuplicateKeys } -> { globalSection :: {a}; sections :: {{a}}; } -> String
# lib.generators.toINIWithGlobalSection { } { globalSection.a = 1; sections.lan.mtu = 1500; } => "a=1\n\n[lan]\nmtu=1500\n"
toINIWithGlobalSection =
  { mkSectionName ? lib.strings.escape [ "[" "]" ]
  , mkKeyValue ? lib.generators.mkKeyValueDefault { } "="
  , listsAsDuplicateKeys ? false
  }: { globalSection, sections ? { } }:
  (if globalSection == { } then ""
   else lib.generators.toKeyValue { inherit mkKeyValue listsAsDuplicateKeys; } globalSection + "\n")
  + lib.generators.toINI { inherit mkSectionName mkKeyValue listsAsDuplicateKeys; } sections;

# Git's form of sections: sections within sections, and several values of a name.
# :: {a} -> String
# lib.generators.toGitINI { user.name = "alice"; } => "[user]\n\tname = \"alice\"\n"
toGitINI = attrs:
  let
    mkSectionName = name:
      let parts = lib.splitString "." name;
      in if lib.hasInfix "\"" name || builtins.length parts == 1 then name
      else "${builtins.head parts} \"${builtins.concatStringsSep "." (builtins.tail parts)}\"";
    quote = text: "\"${builtins.replaceStrings [ "\n" "\t" "\"" "\\" ] [ "\\n" "\\t" "\\\"" "\\\\" ] text}\"";
    mkValueString = v: lib.generators.mkValueStringDefault { } (if builtins.isString v then quote v else v);
    mkKeyValue = name: value:
      lib.concatMapStringsSep "\n" (v: "\t" + lib.generators.mkKeyValueDefault { inherit mkValueString; } " = " name v) (lib.toList value);
    flat = path: value:
      let section = builtins.concatStringsSep "." (lib.init path);
      in if builtins.isAttrs value then builtins.concatLists (lib.mapAttrsToList (name: flat (path ++ [ name ])) value)
      else if builtins.length path > 1 then [ { ${section}.${lib.last path} = value; } ]
      else [ { ${lib.last path} = value; } ];
  in
  lib.generators.toINI { inherit mkSectionName mkKeyValue; } (lib.foldl lib.recursiveUpdate { } (flat [ ] attrs));

# JSON.
# :: { } -> a -> String
# lib.generators.toJSON { } { a = 1; } => "{\"a\":1}"
toJSON = { }: builtins.toJSON;

# YAML, of which JSON is a part.
# :: { } -> a -> String
# lib.generators.toYAML { } [ 1 "a" ] => "[1,\"a\"]"
toYAML = { }: builtins.toJSON;

# The value without what is deeper than `depthLimit`: that is an error, or `<unevaluated>` if `throwOnDepthLimit` is false.
# :: { depthLimit :: Int?; throwOnDepthLimit :: Bool; } -> a -> a
# lib.generators.withRecursion { depthLimit = 1; throwOnDepthLimit = false; } { a.b = 1; } => { a = { b = "<unevaluated>"; }; }
withRecursion = { depthLimit, throwOnDepthLimit ? true }:
  assert builtins.isInt depthLimit;
  let
    special = [ "__functor" "__functionArgs" "__toString" "__pretty" ];
    limit = depth: v:
      if depth <= depthLimit then v
      else if throwOnDepthLimit then throw "deeper than the limit of ${depthLimit} levels of `generators.withRecursion`"
      else "<unevaluated>";
    go = depth: v:
      let deeper = x: go (depth + 1) (limit (depth + 1) x);
      in if builtins.isAttrs v then builtins.mapAttrs (name: if builtins.elem name special then lib.id else deeper) v
      else if builtins.isList v then map deeper v
      else limit (depth + 1) v;
  in
  go 0;

# A value as it is written in an expression.
# :: { multiline :: Bool; indent :: String; allowPrettyValues :: Bool; } -> a -> String
# lib.generators.toPretty { multiline = false; } { a = [ 1 "x" ]; } => "{ a = [ 1 \"x\" ]; }"
toPretty = { allowPrettyValues ? false, multiline ? true, indent ? "" }:
  let
    go = indent: v:
      let
        open = if multiline then "\n${indent}  " else " ";
        close = if multiline then "\n${indent}" else " ";
        within = go "${indent}  ";
        type = builtins.typeOf v;
        attribute = name: value: "${lib.strings.escapeNixIdentifier name} = ${within value};";
        argument = name: optional: if optional then "${name}?" else name;
        arguments = lib.concatMapAttrsStringSep ", " argument (lib.functionArgs v);
      in
      if type == "int" then toString v
      else if type == "float" then builtins.toJSON v
      else if type == "string" then text open close v
      else if type == "bool" then lib.boolToString v
      else if type == "null" then "null"
      else if type == "list" then
        if v == [ ] then "[ ]" else "[${open}${lib.concatMapStringsSep open within v}${close}]"
      else if lib.isFunction v then
        if lib.functionArgs v == { } then "<function>" else "<function, args: {${arguments}}>"
      else if allowPrettyValues && v ? __pretty && v ? val then v.__pretty v.val
      else if v == { } then "{ }"
      else if lib.isDerivation v then "<derivation ${v.name or "???"}>"
      else "{${open}${lib.concatMapAttrsStringSep open attribute v}${close}}";
    text = open: close: v:
      let
        lines = lib.splitString "\n" v;
        escaped = map (builtins.replaceStrings [ "\${" "''" ] [ "''\${" "'''" ]) lines;
        end = lib.last escaped;
      in
      if multiline && builtins.length lines > 1
      then "''${open}${builtins.concatStringsSep open (lib.init escaped)}${if end == "" then close else open + end}''"
      else "\"${lib.concatMapStringsSep "\\n" (lib.escape [ "\\" "\"" "\${" ]) lines}\"";
  in
  go indent;

# Apple's property list.
# :: { escape :: Bool; } -> a -> String
# lib.last (lib.splitString "\n" (lib.generators.toPlist { } 1)) => "</plist>"
toPlist = { escape ? false }: value:
  let
    text = if escape then lib.escapeXML else lib.id;
    lines = indent: v:
      let
        tag = name: inner: [ "${indent}<${name}>${inner}</${name}>" ];
        around = name: inner: [ "${indent}<${name}>" ] ++ (if inner == [ ] then [ "" ] else inner) ++ [ "${indent}</${name}>" ];
        entry = name: v: [ "${indent}\t<key>${text name}</key>" ] ++ lines "${indent}\t" v;
        present = lib.filterAttrs (name: v: name != "_module" && v != null) v;
      in
      if v == null then [ "" ]
      else if builtins.isBool v then [ (if v then "${indent}<true/>" else "${indent}<false/>") ]
      else if builtins.isInt v then tag "integer" (toString v)
      else if builtins.isString v then tag "string" (text v)
      else if builtins.isList v then around "array" (builtins.concatMap (lines "${indent}\t") v)
      else if builtins.isAttrs v then around "dict" (builtins.concatLists (lib.mapAttrsToList entry present))
      else if builtins.isFloat v then tag "real" (toString v)
      else abort "generators.toPlist: a function is no value";
    head = [
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>"
      "<!DOCTYPE plist PUBLIC \"-//Apple Computer//DTD PLIST 1.0//EN\" \"http://www.apple.com/DTDs/PropertyList-1.0.dtd\">"
      "<plist version=\"1.0\">"
    ];
  in
  builtins.concatStringsSep "\n" (head ++ lines "" value ++ [ "</plist>" ]);

# Dhall.
# :: { } -> a -> String
# lib.generators.toDhall { } { a = [ 1 true ]; } => "{ a = [ +1, True ] }"
toDhall = { }: v:
  let
    within = lib.generators.toDhall { };
    type = builtins.typeOf v;
  in
  if type == "set" then "{ ${lib.concatMapAttrsStringSep ", " (name: value: "${name} = ${within value}") v} }"
  else if type == "list" then "[ ${lib.concatMapStringsSep ", " within v} ]"
  else if type == "int" then "${lib.optionalString (v >= 0) "+"}${v}"
  else if type == "bool" then if v then "True" else "False"
  else if type == "lambda" then abort "generators.toDhall: a function is no value of Dhall"
  else if type == "null" then abort "generators.toDhall: null is no value of Dhall"
  else builtins.toJSON v;

# An expression of Lua, for `toLua`, which leaves it as it is.
# :: String -> { _type, expr }
# lib.generators.toLua { } (lib.generators.mkLuaInline "1 + 1") => "(1 + 1)"
mkLuaInline = expr: { _type = "lua-inline"; inherit expr; };

# A value of Lua; with `asBindings` a set's attributes as variables.
# :: { multiline :: Bool; indent :: String; asBindings :: Bool; } -> a -> String
# lib.generators.toLua { multiline = false; } { a = [ 1 "x" ]; } => "{ [\"a\"] = { 1, \"x\" } }"
toLua = { multiline ? true, indent ? "", asBindings ? false }: v:
  let
    open = if multiline then "\n${indent}  " else " ";
    close = if multiline then "\n${indent}" else " ";
    within = lib.generators.toLua { inherit multiline; indent = if asBindings then indent else "${indent}  "; };
    table = items: if items == [ ] then "{}" else "{${open}${builtins.concatStringsSep ",${open}" items}${close}}";
    name = "[[:alpha:]_][[:alnum:]_]*";
    bad = builtins.filter (one: builtins.match "${name}(\\.${name})*" one == null) (builtins.attrNames v);
    type = builtins.typeOf v;
  in
  if asBindings then
    assert lib.assertMsg (bad == [ ]) "Bad Lua var names: ${lib.generators.toPretty { } bad}";
    lib.concatStrings (lib.mapAttrsToList (key: value: "${indent}${key} = ${within value}\n") v)
  else if v == null then "nil"
  else if builtins.elem type [ "int" "float" "string" "bool" ] then builtins.toJSON v
  else if type == "list" then table (map within v)
  else if type == "set" then
    if v._type or null == "lua-inline" then "(${v.expr})"
    else table (lib.mapAttrsToList (key: value: "[${builtins.toJSON key}] = ${within value}") v)
  else abort "generators.toLua: type ${type} is unsupported";
