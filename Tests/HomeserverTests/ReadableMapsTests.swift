import CanonicalJSON
import Store
import StoreTestSupport
import TestSupport
import Testing

@testable import Homeserver

/// Every map of every database in its readable form.
@Suite struct ReadableMapsTests {
    private static let maps = Databases.schemas.flatMap(\.maps)

    @Test(arguments: maps.map(\.name))
    func keysHaveAFormThatComesBack(_ name: String) throws {
        let maps = Self.maps.filter { $0.name == name }
        for map in maps {
            var generator = SplitMix64(seed: 4)
            for _ in 0..<100 {
                let readable = Self.random(map.entries.keyForm, &generator)
                let key = try map.entries.encodeKey(readable)
                #expect(try map.entries.readableKey(key) == readable)
                #expect(try map.entries.keyRange(ofPrefix: readable).contains(key))
                // As a command prints it, and takes it again.
                let json = readable.keyJSON
                let argument = json.stringValue ?? String(decoding: json.encoded(), as: UTF8.self)
                #expect(try map.entries.encodeKey(ReadableValue(argument: argument, in: map.entries.keyForm)) == key)
                // Its first part alone finds it, too.
                if case .array(let parts) = json, let first = parts.first {
                    let prefix = try ReadableValue(
                        argument: String(decoding: JSONValue.array([first]).encoded(), as: UTF8.self), in: map.entries.keyForm)
                    #expect(try map.entries.keyRange(ofPrefix: prefix).contains(key))
                }
            }
        }
    }

    /// The keys that are bytes: hashes.
    @Test func fewKeysAreOnlyBytes() {
        let names = Self.maps.filter { if case .bytes = $0.entries.keyForm { true } else { false } }.map(\.name)
        #expect(
            Set(names)
                == [
                    "statehash_shortstatehash", "logintoken_expiresatuserid", "openidtoken_expiresatuserid", "refreshtoken_userdeviceid",
                    "token_userdeviceid",
                ])
    }

    private static func random(_ form: ReadableForm, _ generator: inout SplitMix64) -> ReadableValue {
        switch form {
        case .text(let name):
            if name == "kind of scope" { return .text("user") }
            let alphabet = Array("ab/@!$#:. \"'[]{}\\é💧0")
            return .text(
                String((0..<Int.random(in: 1...12, using: &generator)).compactMap { _ in alphabet.randomElement(using: &generator) }))
        case .integer:
            return .integer(Int128(Int64.random(in: 0...Int64.max, using: &generator) >> Int64.random(in: 0...62, using: &generator)))
        case .bytes:
            return .bytes((0..<Int.random(in: 1...40, using: &generator)).map { _ in UInt8.random(in: 0...255, using: &generator) })
        case .optional(let form): return Bool.random(using: &generator) ? .null : random(form, &generator)
        case .list(let forms): return .list(forms.map { random($0, &generator) })
        }
    }

    @Test(
        arguments: [
            (Array("{\"a\":1}".utf8), ["a": 1]), (Array("[1]".utf8), [1]), (Array("{\"a\"".utf8), "{\"a\""), (Array("grüß".utf8), "grüß"),
            ([0x41, 0x0A], "410a"), ([0xFF], "ff"), ([], ""),
        ] as [([UInt8], JSONValue)])
    func bytesAreShownAsWhatTheyAre(_ bytes: [UInt8], _ json: JSONValue) {
        #expect(ReadableValue.bytes(bytes).valueJSON == json)
    }

    @Test func valuesAreJSON() {
        let value: ReadableValue = [
            "text": .text("a"), "number": .integer(Int128(UInt64.max)), "nothing": .null, "flag": .bool(true),
            "list": .list([.integer(-1)]),
        ]
        #expect(
            String(decoding: value.valueJSON.encoded(), as: UTF8.self)
                == #"{"flag":true,"list":[-1],"nothing":null,"number":18446744073709551615,"text":"a"}"#)
    }

    @Test(
        arguments: [
            ("\"quoted\"", .text("text"), .text("quoted")), ("\"half", .text("text"), .text("\"half")), ("12", .text("text"), .text("12")),
            ("-3", .integer("integer"), .integer(-3)), ("null", .optional(.text("text")), .null),
            ("[1]", .list([.integer("a")]), .list([.integer(1)])),
            ("1", .list([.integer("a"), .text("b")]), .list([.integer(1)])),
        ] as [(String, ReadableForm, ReadableValue)])
    func argumentsAreReadInTheirForm(_ argument: String, _ form: ReadableForm, _ value: ReadableValue) throws {
        #expect(try ReadableValue(argument: argument, in: form) == value)
    }

    @Test(
        arguments: [("x", .integer("integer")), ("{}", .list([.integer("a")])), ("[{}]", .list([.integer("a")]))]
            as [(String, ReadableForm)])
    func otherArgumentsAreRefused(_ argument: String, _ form: ReadableForm) {
        #expect(throws: ReadableFormError.self) { try ReadableValue(argument: argument, in: form) }
    }
}
