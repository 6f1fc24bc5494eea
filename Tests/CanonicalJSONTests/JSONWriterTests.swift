import CanonicalJSON
import Testing

@Suite struct JSONWriterTests {
    @Test func commasAndColons() {
        var writer = JSONWriter(capacity: 64)
        writer.beginObject()
        writer.key("z")
        writer.beginArray()
        writer.integer(1)
        writer.beginObject()
        writer.endObject()
        writer.beginArray()
        writer.endArray()
        writer.null()
        writer.bool(true)
        writer.bool(false)
        writer.string("x")
        writer.endArray()
        writer.key("raw")
        writer.raw(Array("{\"as\": \"it is\"}".utf8))
        writer.key("slice")
        writer.raw(Array("[12]".utf8)[1..<3])
        writer.key("a")
        writer.value(["b": 1, "a": [.null, 0.5]])
        writer.key("o")
        writer.object(["k": "v"])
        writer.endObject()
        #expect(
            String(decoding: writer.bytes, as: UTF8.self)
                == #"{"z":[1,{},[],null,true,false,"x"],"raw":{"as": "it is"},"slice":12,"a":{"a":[null,0.5],"b":1},"o":{"k":"v"}}"#)
    }

    @Test(arguments: [Int64.min, .max, 0, -1, 7, 10, -1234567890, 9_007_199_254_740_991])
    func integers(value: Int64) {
        #expect(String(decoding: JSONValue.integer(value).encoded(), as: UTF8.self) == String(value))
    }

    @Test func shortestEscapes() {
        let controls = String(String.UnicodeScalarView((0..<0x20).compactMap { Unicode.Scalar($0) }))
        #expect(
            String(decoding: JSONValue.string(controls + "\"\\/\u{7F}é\u{2028}").encoded(), as: UTF8.self)
                == #""\u0000\u0001\u0002\u0003\u0004\u0005\u0006\u0007\b\t\n\u000b\f\r\u000e\u000f"#
                + #"\u0010\u0011\u0012\u0013\u0014\u0015\u0016\u0017\u0018\u0019\u001a\u001b\u001c\u001d\u001e\u001f\"\\/"#
                + "\u{7F}é\u{2028}\"")
    }

    @Test(arguments: [
        (1.0, "1.0"), (-0.0, "-0.0"), (0.0001, "0.0001"), (0.00001, "1e-05"), (1e15, "1000000000000000.0"), (1e16, "1e+16"),
        (123_456_789_012_345_680.0, "1.2345678901234568e+17"), (9_007_199_254_740_993.0, "9007199254740992.0"),
        (.leastNonzeroMagnitude, "5e-324"),
        (1e100, "1e+100"),
        (1.5e-7, "1.5e-07"), (0.1 + 0.2, "0.30000000000000004"), (-2.5e20, "-2.5e+20"),
    ])
    func floatsAsPythonWritesThem(value: Double, text: String) {
        #expect(String(decoding: JSONValue.double(value).encoded(), as: UTF8.self) == text)
    }

    @Test func floatsThatJSONCannotHold() {
        #expect(JSONValue.array([.double(.nan), .double(.infinity)]).encoded() == Array("[null,null]".utf8))
    }

    @Test(arguments: [
        (JSONValue.double(1.5), JSONError.floatNotAllowed(offset: nil)), (.double(.nan), .floatNotAllowed(offset: nil)),
        (.double(9_007_199_254_740_992), .floatNotAllowed(offset: nil)), (.integer(9_007_199_254_740_992), .integerOutOfRange(offset: nil)),
        (.integer(.min), .integerOutOfRange(offset: nil)), (.bigInteger("9223372036854775808"), .integerOutOfRange(offset: nil)),
    ])
    func canonicalFormRefuses(value: JSONValue, error: JSONError) {
        #expect(throws: error) { try value.canonical() }
        #expect(throws: error) { try JSONObject(dictionaryLiteral: ("a", [value])).canonical() }
    }
}
