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
[ (lib.attrByPath [ "a" "b" ] 0 { a.b = 1; }) (lib.attrByPath [ "a" "x" ] 0 { a.b = 1; }) (lib.hasAttrByPath [ "a" ] { a = 1; }) (lib.getAttrFromPath [ "a" ] { a = 1; }) (lib.getAttrByPath [ "a" ] { a = 2; }) (lib.setAttrByPath [ "a" "b" ] 1) ]
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
