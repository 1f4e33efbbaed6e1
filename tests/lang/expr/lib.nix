# The everyday functions of nixpkgs' `lib`, and `net`. Nix alone does not have them.
---
lib.range 1 5
---
lib.range 3 1
---
[ (lib.optional true 1) (lib.optional false 1) (lib.optionals true [ 1 2 ]) (lib.optionalString false "x") (lib.optionalAttrs true { a = 1; }) ]
---
[ (lib.head [ 1 ]) (lib.last [ 1 2 ]) (lib.init [ 1 2 ]) (lib.take 2 [ 1 2 3 ]) (lib.drop 2 [ 1 2 3 ]) (lib.sublist 1 2 [ 1 2 3 4 ]) (lib.take 9 [ 1 ]) ]
---
[ (lib.reverseList [ 1 2 3 ]) (lib.flatten [ 1 [ 2 [ 3 ] ] 4 ]) (lib.unique [ 1 2 1 "a" "a" { } { } ]) (lib.toList 1) (lib.singleton 1) ]
---
lib.foldr (x: acc: [ x ] ++ acc) [ ] [ 1 2 3 ]
---
lib.foldl (acc: x: acc + toString x) "" [ 1 2 3 ]
---
lib.foldr (x: acc: x) 0 [ 1 (throw "lazy") ]
---
[ (lib.imap0 (i: x: "${i}${x}") [ "a" "b" ]) (lib.imap1 (i: x: "${i}${x}") [ "a" "b" ]) ]
---
lib.zipLists [ 1 2 3 ] [ "a" "b" ]
---
[ (lib.findFirst (x: x > 1) null [ 1 2 3 ]) (lib.findFirst (x: x > 9) "none" [ 1 ]) (lib.findFirst (x: true) (throw "unused") [ 1 ]) ]
---
[ (lib.count (x: x > 1) [ 1 2 3 ]) (lib.replicate 3 "x") (lib.lists.replicate 2 1) (lib.strings.replicate 3 "ab") ]
---
[ (lib.subtractLists [ 1 2 ] [ 1 2 3 ]) (lib.intersectLists [ 1 2 3 ] [ 3 1 5 ]) (lib.remove 1 [ 1 2 1 ]) ]
---
lib.sortOn (x: -x) [ 1 3 2 ]
---
[ (lib.min 1 2) (lib.max 1 2) (lib.mod 7 3) (lib.id 1) (lib.const 1 2) (lib.flip (a: b: a - b) 1 3) (lib.pipe 1 [ (x: x + 1) (x: x * 10) ]) ]
---
lib.mapAttrs' (n: v: lib.nameValuePair "x${n}" (v + 1)) { a = 1; b = 2; }
---
lib.mapAttrsToList (n: v: "${n}=${v}") { b = 2; a = 1; }
---
lib.filterAttrs (n: v: v > 1) { a = 1; b = 2; }
---
lib.genAttrs [ "a" "b" ] (n: "${n}!")
---
lib.recursiveUpdate { a.b = 1; a.c = 2; d = 1; } { a.b = 3; d.e = 4; }
---
[ (lib.attrByPath [ "a" "b" ] 0 { a.b = 1; }) (lib.attrByPath [ "a" "x" ] 0 { a.b = 1; }) (lib.hasAttrByPath [ "a" ] { a = 1; }) (lib.getAttrFromPath [ "a" ] { a = 1; }) (lib.setAttrByPath [ "a" "b" ] 1) ]
---
lib.attrsToList { a = 1; }
---
lib.foldlAttrs (acc: n: v: acc + v) 0 { a = 1; b = 2; }
---
lib.mapAttrsRecursive (path: v: builtins.concatStringsSep "." path) { a.b = 1; c = 2; }
---
lib.collect builtins.isInt { a = 1; b = { c = 2; }; }
---
lib.cartesianProduct { a = [ 1 2 ]; b = [ 3 4 ]; }
---
lib.zipAttrs [ { a = 1; } { a = 2; b = 3; } ]
---
lib.mergeAttrsList [ { a = 1; } { a = 2; b = 3; } ]
---
lib.concatMapAttrs (n: v: { ${n} = v; "${n}2" = v; }) { a = 1; }
---
lib.getAttrs [ "a" ] { a = 1; b = 2; }
---
lib.attrVals [ "b" "a" ] { a = 1; b = 2; }
---
lib.overrideExisting { a = 1; b = 2; } { b = 3; c = 4; }
---
lib.foldAttrs (item: acc: [ item ] ++ acc) [ ] [ { a = 1; } { a = 2; b = 3; } ]
---
lib.updateManyAttrsByPath [ { path = [ "a" "b" ]; update = old: old + 1; } ] { a.b = 1; }
---
[ (lib.concatStrings [ "a" "b" ]) (lib.concatMapStrings (x: x + ";") [ "a" "b" ]) (lib.concatStringsSep "," [ "a" "b" ]) (lib.concatMapStringsSep "," (x: x + x) [ "a" "b" ]) (lib.concatLines [ "a" "b" ]) (lib.concatImapStringsSep "-" (i: x: "${i}${x}") [ "a" "b" ]) ]
---
[ (lib.toUpper "abc") (lib.toLower "ABC") (lib.hasPrefix "a" "abc") (lib.hasSuffix "c" "abc") (lib.hasInfix "b" "abc") (lib.removePrefix "a" "abc") (lib.removeSuffix "c" "abc") (lib.removePrefix "x" "abc") ]
---
[ (lib.splitString "." "a.b..c") (lib.splitString "," "") (lib.stringToCharacters "aé") (lib.trim "  a b\n") (lib.fixedWidthNumber 5 42) (lib.fixedWidthString 5 "0" "42") ]
---
[ (lib.toInt "42") (lib.toInt " -7 ") (lib.boolToString true) (lib.escapeShellArg "it's") (lib.escapeShellArg "plain") (lib.escapeShellArgs [ "a b" "c" ]) (lib.escapeXML "<a>") (lib.escapeRegex "a.b") ]
---
(builtins.tryEval (lib.toInt "x")).success
---
lib.toInt "010"
---
[ (lib.versionOlder "1.0" "1.1") (lib.versionAtLeast "1.1" "1.0") (lib.toHexString 255) (lib.fromHexString "ff") (lib.toSentenceCase "abc") ]
---
lib.naturalSort [ "h10" "h9" "h1" ]
---
(lib.toposort (a: b: a < b) [ 3 1 2 ]).result
---
[ (lib.intersperse "," [ 1 2 3 ]) (lib.escape [ "a" ] "banana") (lib.stringAsChars (c: if c == "a" then "x" else c) "banana") (lib.strings.toUpper "a") (lib.lists.range 1 2) (lib.attrsets.attrNames { a = 1; }) (lib.trivial.id 1) ]
---
[ (lib.fix (self: { a = 1; b = self.a; })).b (lib.converge (x: x / 2) 100) (lib.compare 1 2) (lib.defaultTo 1 null) (lib.mapNullable (x: x) null) (lib.allUnique [ 1 1 ]) ]
---
[ (lib.lists.hasPrefix [ 1 ] [ 1 2 ]) (lib.takeEnd 2 [ 1 2 3 ]) (lib.dropEnd 1 [ 1 2 ]) (lib.commonPrefixLength "abc" "abd") (lib.groupBy' builtins.add 0 (x: if x > 2 then "b" else "s") [ 1 2 3 4 ]) ]
---
[ (net.isIpv4 "10.0.0.1") (net.isIpv4 "10.0.0.1/24") (net.isIpv6 "fd00::1/64") (net.isIpv6 "10.0.0.1") (net.isIpv4 "x") (net.family "::1") ]
---
[ (net.address "10.0.0.5/24") (net.address "fd00::5/64") (net.prefixLength "10.0.0.5/24") (net.network "10.0.0.5/24") (net.mask "10.0.0.5/20") (net.broadcast "10.0.0.5/24") (net.size "10.0.0.0/24") ]
---
[ (net.host "10.0.0.0/24" 5) (net.host "fd00::/64" 21) (net.hostPrefix "10.0.0.0/24" 5) (net.host "10.0.0.0/24" (-2)) (net.hostNumber "10.0.0.77/24") ]
---
[ (net.contains "10.0.0.0/8" "10.1.2.3") (net.contains "10.0.0.0/24" "10.0.1.1") (net.contains "fd00::/64" "10.0.0.1") (net.overlaps "10.0.0.0/8" "10.2.0.0/16") ]
---
[ (net.subnet "10.0.0.0/16" 8 3) (net.subnet "fd00::/48" 16 258) (net.subnet "10.0.0.0/16" 0 0) ]
---
[ (net.reverseZone "10.53.57.0/24") (net.reverseZone "10.53.0.0/20") (net.reverseZone "fd00:57::/32") (net.reverseName "10.53.57.21") (net.reverseName "fd00::1") ]
---
[ (net.mac 1) (net.mac 4294967296) (net.mac "host/eth0" == net.mac "host/eth0") (builtins.substring 0 3 (net.mac "x")) ]
---
net.host "10.0.0.0/24" 256
---
net.address "10.0.0.256"
---
net.broadcast "fd00::/64"
---
net.subnet "10.0.0.0/24" 9 0
---
net.size "fd00::/64"
---
let hosts = { a.interfaces.eth0 = { network = "n"; address = [ "10.0.0.5/24" ]; }; b.interfaces.eth0 = { network = "n"; address = [ ]; }; c.interfaces.eth0 = { network = "m"; address = [ ]; }; }; in net.assign { network = "n"; subnet = [ "10.0.0.0/24" "fd00::/64" ]; map = { b = 21; }; inherit hosts; }
---
let hosts = lib.genAttrs (map (i: "h${i}") (lib.range 1 6)) (n: { interfaces.eth0 = { network = "n"; address = [ ]; }; }); in net.assign { network = "n"; subnet = [ "10.0.0.0/29" ]; map = { }; inherit hosts; }
---
let hosts = lib.genAttrs (map (i: "h${i}") (lib.range 1 7)) (n: { interfaces.eth0 = { network = "n"; address = [ ]; }; }); in net.assign { network = "n"; subnet = [ "10.0.0.0/29" ]; map = { }; inherit hosts; }
---
let make = names: net.assign { network = "n"; subnet = [ "10.0.0.0/22" ]; map = { }; hosts = lib.genAttrs names (n: { interfaces.eth0 = { network = "n"; address = [ ]; }; }); }; names = map (i: "h${i}") (lib.range 1 20); in (make names) == (make (lib.reverseList names))
---
let hosts = { a.interfaces.eth0 = { network = "n"; address = [ "10.0.0.5/24" ]; }; b.interfaces.eth0 = { network = "n"; address = [ "10.0.0.5/24" ]; }; }; in net.assign { network = "n"; subnet = [ "10.0.0.0/24" ]; map = { }; inherit hosts; }
---
let hosts.a.interfaces.eth0 = { network = "n"; address = [ "10.0.1.5/24" ]; }; in net.assign { network = "n"; subnet = [ "10.0.0.0/24" ]; map = { }; inherit hosts; }
---
net.assign { network = "n"; subnet = [ "10.0.0.0/24" ]; map = { a = 256; }; hosts.a.interfaces.eth0 = { network = "n"; address = [ ]; }; }
---
net.assign { network = "n"; subnet = [ "10.0.0.0/24" ]; map = { a = 7; b = 7; }; hosts = { }; }
---
net.assign { network = "n"; subnet = [ ]; map = { }; hosts.a.interfaces.eth0 = { network = "n"; address = [ ]; }; }
---
net.assign { network = "n"; subnet = [ "10.0.0.0/30" "10.9.0.0/24" ]; map = { }; hosts.a.interfaces.eth0 = { network = "n"; address = [ "10.9.0.4/24" ]; }; }
---
net.assign { network = "n"; subnet = [ "10.0.0.0/31" ]; map = { }; hosts = { a.interfaces.eth0 = { network = "n"; address = [ ]; }; b.interfaces.eth0 = { network = "n"; address = [ ]; }; }; }
---
# What is left out says why, in a part of `lib` too; a set of one's own is not `lib`.
lib.mkOption { }
---
lib.strings.fileContents "x"
---
{ generators = 1; fixedPoints = 2; }.mkOption
---
lib.updateManyAttrsByPath [ { path = [ "a" "b" ]; update = old: { d = old.c; }; } { path = [ "a" "b" "c" ]; update = old: old + 1; } { path = [ "x" "y" ]; update = old: 1; } ] { a.b.c = 1; }
---
lib.generators.toINI { } { "a[b]" = { "x=y" = "z"; on = true; none = null; real = 1.5; }; b = { }; }
---
lib.generators.toINI { listsAsDuplicateKeys = true; } { s = { k = [ 1 2 ]; }; }
---
lib.generators.toKeyValue { indent = "  "; mkKeyValue = lib.generators.mkKeyValueDefault { } " = "; } { a = 1; b = "two"; }
---
lib.generators.toINIWithGlobalSection { } { globalSection = { a = 1; }; }
---
lib.generators.toGitINI { user = { email = "a@b.test"; name = "say \"hi\""; }; gpg.ssh.program = "p"; url."ssh://git@host".insteadOf = "https://host"; remote.origin.fetch = [ "a" "b" ]; }
---
lib.generators.mkValueStringDefault { } [ ]
---
lib.generators.toPretty { } { int = 1; float = 0.1337; bool = true; empty = ""; string = "fn\${o}\"r\\d"; newline = "\n"; null_ = null; function = x: x; functionArgs = { arg ? 4, foo }: arg; list = [ 3 4 (x: x) [ false ] ]; emptylist = [ ]; attrs = { foo = null; "foo b/ar" = "baz"; }; emptyattrs = { }; }
---
lib.generators.toPretty { } { list = [ 3 4 [ false ] ]; attrs = { foo.bar = "a"; }; text = "\nhello\nthere\n"; text2 = "a\nb"; f = { a, b ? 1 }: a; }
---
lib.generators.toPretty { multiline = false; } { a = "x\ny"; b = -1; c = { }; d = x: x; }
---
lib.generators.toPretty { allowPrettyValues = true; } { __pretty = v: "«" + v + "»"; val = "foo"; }
---
lib.generators.withRecursion { depthLimit = 2; } { a.b.c.d = 1; }
---
lib.generators.toPlist { } { a = [ 1 true ]; b = { }; c = null; d = "x<y"; e = 1.5; }
---
lib.generators.toLua { } { a = { b = null; c = [ ]; d = { }; }; e = lib.generators.mkLuaInline "f()"; }
---
lib.generators.toLua { asBindings = true; } { x1 = 41; _y = { a = "b"; }; }
---
lib.generators.toLua { asBindings = true; } { "with 2 spaces" = 41; }
---
lib.generators.toDhall { } { a = 1; b = -1; c = [ true "x" ]; }
---
lib.cli.toGNUCommandLine { } { data = "{}"; X = "PUT"; retry = 3; retry-delay = null; url = [ "u1" "u2" ]; silent = false; verbose = true; }
---
lib.cli.toGNUCommandLine { optionValueSeparator = "="; } { a = 1; bb = [ "x" ]; }
---
lib.cli.toCommandLineGNU { } { v = true; verbose = [ true true false null ]; i = ".bak"; testsuite = [ "unit" "integration" ]; e = [ "s/a/b/" ]; n = false; }
---
lib.cli.toCommandLineShell (name: { option = "-${name}"; sep = null; explicitBool = false; }) { m = "a b"; q = true; }
---
[ (lib.versions.pad 3 "1.2") (lib.versions.pad 3 "1.3-rc1") (lib.versions.pad 3 "1.2.3.4") (lib.versions.majorMinor "1.2.3") ]
---
((lib.makeExtensible (final: { a = 1; b = final.a + 1; })).extend (final: prev: { a = prev.a + 10; })).b
---
lib.fix (lib.extends (lib.composeManyExtensions [ (final: prev: { b = prev.a; }) (final: prev: { a = 5; }) ]) (final: { a = 1; }))
---
lib.converge (x: if x < 100 then x * 2 else x) 3
---
[ (lib.toBaseDigits 2 10) (lib.toHexString 0) (lib.fromHexString "FF") (lib.fromHexString "0x1a") ]
---
lib.fromHexString "0xg"
---
[ (lib.strings.toCamelCase "hello-world some_thing") (lib.strings.toCamelCase "helloWorld again") (lib.strings.splitStringBy (p: c: builtins.elem c [ "." "-" ]) true "foo.bar-baz") (lib.toSentenceCase "hELLO") ]
---
[ (lib.strings.levenshtein "" "abc") (lib.strings.levenshtein "hello" "hallo") (lib.strings.levenshteinAtMost 0 "a" "a") (lib.strings.levenshteinAtMost 1 "abc" "xyz") ]
---
[ (lib.escapeShellArg "a=b") (lib.escapeShellArg "") (lib.escapeShellArg "a/b:c@d%e+f,g.h-i_j") (lib.toShellVars { arr = [ "a b" 1 ]; map = { k = "v"; }; s = "x"; }) ]
---
[ (lib.strings.escapeC [ " " "\t" ] "a b") (lib.strings.normalizePath "//a///b") (lib.strings.charToInt "\t") (lib.strings.floatToString 0.5) ]
---
lib.strings.charToInt "ab"
---
[ (lib.splitByAndCompare (lib.hasPrefix "a") lib.compare lib.compare "b" "a") (lib.compareLists lib.compare [ ] [ 1 ]) (lib.compareLists lib.compare [ 2 ] [ 1 9 ]) (lib.naturalSort [ "disk11" "disk8" "disk100" "disk9" ] ) ]
---
[ (lib.toposort (a: b: b == a + 1) [ 3 2 1 ]) (lib.toposort (a: b: true) [ 1 2 ]) (lib.listDfs false (a: b: a < b) [ 2 3 1 ]).visited ]
---
[ (lib.lists.commonPrefix [ 1 2 3 ] [ 1 2 ]) (lib.lists.commonPrefix [ 1 ] [ 2 ]) (lib.lists.removePrefix [ 1 ] [ 1 2 ]) (lib.replaceElemAt [ 1 2 ] 0 "x") (lib.takeEnd 9 [ 1 ]) (lib.dropEnd 9 [ 1 ]) ]
---
lib.replaceElemAt [ 1 2 ] 2 "x"
---
lib.foldl (a: b: b) 0 [ (throw "left alone") 2 ]
---
[ (builtins.tryEval (lib.foldl' (a: b: b) (throw "x") [ 1 ])).success (builtins.foldl' (a: b: b) (throw "x") [ 1 ]) ]
---
[ (lib.longestValidPathPrefix [ "a" "b" "c" ] { a.b = 3; }) (lib.showAttrPath [ ]) (lib.showAttrPath [ "a" "b.c" ]) (lib.mapAttrsToListRecursive (p: v: "${lib.concatStringsSep "." p}=${v}") { a.b = 1; c = 2; }) ]
---
(lib.attrsets.unionOfDisjoint { a = 1; } { a = 2; b = 3; }).b
---
(lib.attrsets.unionOfDisjoint { a = 1; } { a = 2; b = 3; }).a
---
[ (lib.matchAttrs { cpu = { }; } { cpu.bits = 64; }) (lib.matchAttrs { cpu = { }; } { cpu = 1; }) (lib.matchAttrs { a = 1; } { }) ]
---
lib.runTests { testOk = { expr = 1; expected = 1; }; testNot = { expr = 1; expected = 2; }; ignored = { expr = 1; expected = 2; }; }
---
lib.checkListOfEnum "colours" [ "red" "blue" ] [ "green" "red" ] 1
---
lib.assertOneOf "colour" "green" [ "red" "blue" ]
---
[ (lib.getName "krb5-kdc-1.20") (lib.getName { pname = "krb5"; }) (lib.getName { name = "krb5-1.20"; }) (lib.getVersion { version = "2"; }) (lib.nameFromURL "https://x.test/a/krb5-1.20.tar" "-") ]
