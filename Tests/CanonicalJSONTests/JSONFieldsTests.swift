import CanonicalJSON
import Testing

@Suite struct JSONFieldsTests {
    private let text = Array(
        #" { "type" : "m.room.message", "content":{"a":[1,{}]} ,"depth":12,"e\u006edless":null,"type":"last","🙂":true} "#.utf8)

    private func string(_ range: Range<Int>?) -> String? {
        range.map { String(decoding: text[$0], as: UTF8.self) }
    }

    @Test func rangesOfValues() throws {
        let fields = try JSONFields(scanning: text)
        #expect(string(fields["content"]) == #"{"a":[1,{}]}"#)
        #expect(string(fields["depth"]) == "12")
        #expect(string(fields["type"]) == #""last""#)
        #expect(string(fields["endless"]) == "null")
        #expect(string(fields["🙂"]) == "true")
        #expect(fields[#"e\u006edless"#] == nil)
        #expect(fields["missing"] == nil)
        #expect(fields["typ"] == nil)
    }

    @Test func membersInTheOrderOfTheText() throws {
        let fields = try JSONFields(scanning: text)
        #expect(fields.map { string($0.name) } == ["type", "content", "depth", #"e\u006edless"#, "type", "🙂"])
        #expect(string(fields.first?.value) == #""m.room.message""#)
        #expect(try JSONFields(scanning: Array("{ }".utf8)).isEmpty)
    }

    @Test func readersOfSingleValues() throws {
        let fields = try JSONFields(scanning: text)
        #expect(fields.string("type") == "last")
        #expect(fields.integer("depth") == 12)
        #expect(fields.string("depth") == nil)
        #expect(fields.integer("type") == nil)
        #expect(fields.slice("depth") == Array("12".utf8)[...])
        #expect(JSONReader.string(Array(#""a\n\u00e9""#.utf8)[...]) == "a\né")
        #expect(JSONReader.string(Array(#""a"b"#.utf8)[...]) == nil)
        #expect(JSONReader.integer(Array("-9223372036854775808".utf8)[...]) == .min)
        #expect(JSONReader.integer(Array("9223372036854775808".utf8)[...]) == nil)
        #expect(JSONReader.integer(Array("1.0".utf8)[...]) == nil)
        #expect(JSONReader.bool(Array("true".utf8)[...]) == true)
        #expect(JSONReader.bool(Array("false".utf8)[...]) == false)
        #expect(JSONReader.bool(Array("null".utf8)[...]) == nil)
    }

    @Test func scanWithinAScan() throws {
        let outer = try JSONFields(scanning: text)
        let content = try JSONFields(scanning: #require(outer.slice("content")))
        #expect(string(content["a"]) == "[1,{}]")
    }
}
