import CanonicalJSON
import Testing

/// Nothing that comes from outside crashes a reader, and the two readers of this module agree on everything.
@Suite struct JSONFuzzTests {
    @Test func randomBytes() {
        var random = RandomJSON(seed: 10)
        for _ in 0..<20_000 {
            let count = random.number(in: 0..<40)
            check(random.bytes(count: count))
        }
    }

    @Test func randomCharactersOfJSON() {
        var random = RandomJSON(seed: 11)
        let alphabet = Array("{}[]\",:\\u0123d8efnulltrueals-+.eE \n".utf8)
        for _ in 0..<40_000 {
            check((0..<random.number(in: 0..<24)).map { _ in alphabet[random.number(in: 0..<alphabet.count)] })
        }
    }

    @Test func mutationsOfEvents() {
        var random = RandomJSON(seed: 12)
        for index in 0..<10_000 { check(random.mutation(of: sampleEvents[index % sampleEvents.count])) }
    }

    @Test func everyBeginningOfAnEventIsRefused() {
        for event in sampleEvents {
            for end in 0..<event.count {
                check(Array(event[..<end]))
                if event[end...] != [UInt8(ascii: "\n")] { #expect(throws: JSONError.self) { try JSONFields(scanning: event[..<end]) } }
            }
        }
    }

    @Test func mutationsOfRandomDocuments() {
        var random = RandomJSON(seed: 13)
        for _ in 0..<5000 {
            let document = Array(random.document().utf8)
            check(document)
            check(random.mutation(of: document))
        }
    }

    private func check(_ text: [UInt8]) {
        for strictness in [JSONStrictness.lenient, .canonical] {
            let object = Result { () throws(JSONError) in try JSONObject(parsing: text, strictness) }
            let fields = Result { () throws(JSONError) in try JSONFields(scanning: text, strictness) }
            switch (object, fields) {
            case (.success(let object), .success(let fields)):
                agree(object, fields, text)
                #expect((try? JSONObject(parsing: object.encoded(), strictness)) == object)
                if strictness == .canonical { #expect((try? object.canonical()) == object.encoded()) }
            case (.failure(let error), .failure(let other)):
                #expect(error == other, "\(text)")
            default:
                Issue.record("one reader takes it, the other does not: \(text)")
            }
        }
        // The same as part of a larger array.
        let framed = [0x5B] + text + [0x22, 0x7D]
        #expect(
            Result { () throws(JSONError) in try JSONValue(parsing: text) }
                == Result { () throws(JSONError) in try JSONValue(parsing: framed[1..<text.count + 1]) })
        _ = JSONReader.string(text[...])
        _ = JSONReader.integer(text[...])
        _ = JSONReader.bool(text[...])
    }

    private func agree(_ object: JSONObject, _ fields: JSONFields, _ text: [UInt8]) {
        for (key, value) in object {
            let range = fields[key]
            #expect(range.flatMap { try? JSONValue(parsing: text[$0]) } == value, "\(text)")
            #expect(fields.string(key) == value.stringValue)
            #expect(fields.integer(key) == value.integerValue)
        }
        #expect(fields.count >= object.count)
        for field in fields {
            let name = JSONReader.string(text[(field.name.lowerBound - 1)...field.name.upperBound])
            #expect(name.map { object[$0] != nil } == true)
        }
    }
}
