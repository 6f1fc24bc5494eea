import CanonicalJSON
import Testing

@Suite struct JSONParserTests {
    private func parse(_ text: String, _ strictness: JSONStrictness = .lenient, limits: JSONLimits = .default) throws -> JSONValue {
        try JSONValue(parsing: Array(text.utf8), strictness, limits: limits)
    }

    // MARK: - Values

    @Test func everyKindOfValue() throws {
        let text = #" { "a" : [ null , true , false , 1 , -2 , 1.5 , "x" ] , "o" : { } , "e" : [ ] } "#
        #expect(try parse(text) == ["a": [.null, true, false, 1, -2, 1.5, "x"], "o": [:], "e": []])
    }

    @Test(arguments: [
        ("0", JSONValue.integer(0)), ("-0", .integer(0)), ("9223372036854775807", .integer(.max)), ("-9223372036854775808", .integer(.min)),
        ("9223372036854775808", .bigInteger("9223372036854775808")), ("-9223372036854775809", .bigInteger("-9223372036854775809")),
        ("123456789012345678901234567890", .bigInteger("123456789012345678901234567890")), ("1.0", .double(1)), ("1e3", .double(1000)),
        ("-0.0", .double(-0.0)), ("1e-400", .double(0)), ("9007199254740993.0", .double(9_007_199_254_740_992)),
        ("0.1e1", .double(1)), ("5e-324", .double(.leastNonzeroMagnitude)), ("1.7976931348623157e308", .double(.greatestFiniteMagnitude)),
    ])
    func number(text: String, value: JSONValue) throws {
        #expect(try parse(text) == value)
    }

    @Test func escapes() throws {
        #expect(try parse(#""\"\\\/\b\f\n\r\t\u0000\u00e9\u65E5\ud83d\ude00z""#) == "\"\\/\u{8}\u{C}\n\r\t\u{0}é日😀z")
    }

    @Test func stringsAreTheirBytes() throws {
        #expect(JSONValue.string("é") != .string("e\u{301}"))
        let object = try JSONObject(parsing: Array("{\"e\u{301}\":1,\"é\":2}".utf8))
        #expect(object.count == 2)
        #expect(object["é"] == 2)
        #expect(object["e\u{301}"] == 1)
    }

    @Test func ofEqualKeysTheLastStays() throws {
        #expect(try parse(#"{"a":1,"b":2,"\u0061":3}"#) == ["a": 3, "b": 2])
        #expect(try parse(#"{"b":1,"b":2,"a":3,"b":4}"#) == ["a": 3, "b": 4])
    }

    @Test func manyKeysInTheWorstOrder() throws {
        let count = 50_000
        let text = "{" + (0..<count).reversed().map { "\"\(100_000 + $0)\":\($0)" }.joined(separator: ",") + "}"
        let object = try JSONObject(parsing: Array(text.utf8))
        #expect(object.count == count)
        #expect(object["100000"] == 0)
        #expect(object["149999"] == 49_999)
    }

    // MARK: - Refusals

    @Test(arguments: [
        ("", JSONError.unexpectedEnd(offset: 0)), ("  ", .unexpectedEnd(offset: 2)), ("[1", .unexpectedEnd(offset: 2)),
        ("{\"a\"", .unexpectedEnd(offset: 4)), ("\"abc", .unexpectedEnd(offset: 4)), ("tru", .unexpectedEnd(offset: 3)),
        ("[1,]", .unexpectedByte(UInt8(ascii: "]"), offset: 3)), ("{\"a\":1,}", .unexpectedByte(UInt8(ascii: "}"), offset: 7)),
        ("{a:1}", .unexpectedByte(UInt8(ascii: "a"), offset: 1)), ("NaN", .unexpectedByte(UInt8(ascii: "N"), offset: 0)),
        ("+1", .unexpectedByte(UInt8(ascii: "+"), offset: 0)), ("trux", .unexpectedByte(UInt8(ascii: "x"), offset: 3)),
        ("[1}", .unexpectedByte(UInt8(ascii: "}"), offset: 2)), ("\u{FEFF}{}", .unexpectedByte(0xEF, offset: 0)),
        ("\u{C}1", .unexpectedByte(0x0C, offset: 0)), ("{} x", .trailingBytes(offset: 3)), ("1 2", .trailingBytes(offset: 2)),
        ("01", .invalidNumber(offset: 0)), ("[-]", .invalidNumber(offset: 1)), ("1.", .invalidNumber(offset: 0)),
        ("1e", .invalidNumber(offset: 0)), ("1e+", .invalidNumber(offset: 0)), ("-01", .invalidNumber(offset: 0)),
        ("\"a\nb\"", .controlCharacter(0x0A, offset: 2)), ("\"12345678\u{1F}\"", .controlCharacter(0x1F, offset: 9)),
        (#""\x""#, .invalidEscape(offset: 1)), (#""\u12g4""#, .invalidEscape(offset: 1)), (#""\u12""#, .invalidEscape(offset: 1)),
    ])
    func malformed(text: String, error: JSONError) {
        #expect(throws: error) { try parse(text) }
        #expect(throws: error) { try parse(text, .canonical) }
        if text.utf8.first == UInt8(ascii: "{") { #expect(throws: error) { try JSONFields(scanning: Array(text.utf8)) } }
    }

    @Test(arguments: [
        (#""\ud800""#, 1), (#""\udc00""#, 1), (#""abc\udbff\u0041""#, 4), (#""\ud800\ud800""#, 1), (#""\ud800x""#, 1), (#""\ud83d\n""#, 1),
        (#""\ude00\ud83d""#, 1),
    ])
    func loneSurrogate(text: String, offset: Int) {
        #expect(throws: JSONError.loneSurrogate(offset: offset)) { try parse(text) }
    }

    @Test(
        arguments: [
            [0x80], [0xBF], [0xC0, 0x80], [0xC1, 0xBF], [0xC2], [0xC2, 0x41], [0xE0, 0x80, 0x80], [0xE0, 0x9F, 0xBF], [0xE2, 0x82],
            [0xED, 0xA0, 0x80], [0xED, 0xBF, 0xBF], [0xF0, 0x80, 0x80, 0x80], [0xF0, 0x8F, 0xBF, 0xBF], [0xF0, 0x9F, 0x98],
            [0xF4, 0x90, 0x80, 0x80],
            [0xF5, 0x80, 0x80, 0x80], [0xFE], [0xFF],
        ] as [[UInt8]])
    func invalidUTF8(bytes: [UInt8]) {
        for padding in [0, 1, 9, 20] {
            let text = [0x22] + [UInt8](repeating: 0x61, count: padding) + bytes + [0x22] + [UInt8](repeating: 0x20, count: padding)
            #expect(throws: JSONError.invalidUTF8(offset: 1 + padding)) { try JSONValue(parsing: text) }
        }
    }

    @Test func everyCharacterIsRead() throws {
        for code in 0x20...0x10FFFF as ClosedRange<UInt32>
        where code < 0x3000 || code % 61 == 0 || (0xD700...0xE100).contains(code) || code > 0x10FF00 {
            guard let scalar = Unicode.Scalar(code), scalar != "\"", scalar != "\\" else { continue }
            let text = "a\(scalar)b"
            #expect(try JSONValue(parsing: Array("\"\(text)\"".utf8)) == .string(text))
        }
    }

    // MARK: - Strictness

    @Test(arguments: ["1.0", "1e3", "1.5", "-0.0", "0e0", "[1E-2]"])
    func canonicalStrictnessRefusesFloats(text: String) {
        let offset = text.utf8.first == UInt8(ascii: "[") ? 1 : 0
        #expect(throws: JSONError.floatNotAllowed(offset: offset)) { try parse(text, .canonical) }
        #expect(throws: Never.self) { try parse(text) }
    }

    @Test func canonicalStrictnessRefusesLargeIntegers() throws {
        #expect(try parse("[9007199254740991,-9007199254740991,-0]", .canonical) == [9_007_199_254_740_991, -9_007_199_254_740_991, 0])
        for text in ["9007199254740992", "-9007199254740992", "9223372036854775808", "100000000000000000000000"] {
            #expect(throws: JSONError.integerOutOfRange(offset: 0)) { try parse(text, .canonical) }
        }
    }

    @Test(arguments: ["[1e400]", "[-1e400]"])
    func floatsThatNoDoubleHolds(text: String) {
        #expect(throws: JSONError.floatOutOfRange(offset: 1)) { try parse(text) }
        #expect(throws: JSONError.floatOutOfRange(offset: 6)) { try JSONFields(scanning: Array("{\"a\":\(text)}".utf8)) }
    }

    // MARK: - Limits

    @Test func depth() throws {
        let limits = JSONLimits(depthMax: 3)
        #expect(throws: Never.self) { try parse("[{\"a\":[1]}]", limits: limits) }
        #expect(throws: JSONError.tooDeep(depthMax: 3, offset: 7)) { try parse("[{\"a\":[[]]}]", limits: limits) }
        #expect(throws: JSONError.tooDeep(depthMax: 2, offset: 10)) {
            try JSONFields(scanning: Array(#"{"a":{"b":{"c":1},"d":[{}]}}"#.utf8), limits: JSONLimits(depthMax: 2))
        }
    }

    @Test func depthOfTheDefaultIsRead() throws {
        let depth = JSONLimits.depthMaxDefault
        let text = String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
        #expect(String(decoding: try parse(text).encoded(), as: UTF8.self) == text)
        #expect(throws: JSONError.tooDeep(depthMax: depth, offset: depth)) { try parse(String(repeating: "[", count: 100_000)) }
    }

    @Test func size() throws {
        #expect(try parse("[1,2]", limits: JSONLimits(sizeMaxBytes: 5)) == [1, 2])
        #expect(throws: JSONError.tooLarge(sizeBytes: 6, maxBytes: 5)) { try parse("[1,2] ", limits: JSONLimits(sizeMaxBytes: 5)) }
    }

    @Test func objectIsAskedFor() {
        #expect(throws: JSONError.notAnObject(offset: 1)) { try JSONObject(parsing: Array(" []".utf8)) }
        #expect(throws: JSONError.notAnObject(offset: 0)) { try JSONFields(scanning: Array("1".utf8)) }
    }

    @Test func errorsAreReadable() {
        #expect("\(JSONError.unexpectedByte(UInt8(ascii: "]"), offset: 3))" == "JSON has an unexpected ']' at byte 3")
        #expect("\(JSONError.unexpectedByte(0x0C, offset: 0))" == "JSON has an unexpected byte 0x0C at byte 0")
        #expect("\(JSONError.floatNotAllowed(offset: nil))" == "Canonical JSON does not allow floats")
    }
}
