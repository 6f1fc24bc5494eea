import CanonicalJSON
import Testing

@Suite struct JSONObjectTests {
    @Test func membersAreOrderedByCodePoint() {
        // In UTF-16 the last two are the other way round.
        let object: JSONObject = ["\u{10437}": 4, "b": 2, "\u{FF5E}": 3, "a": 1, "": 0]
        #expect(object.keys == ["", "a", "b", "\u{FF5E}", "\u{10437}"])
        #expect(object.map(\.value) == [0, 1, 2, 3, 4])
    }

    @Test func literalsKeepTheLastOfEqualKeys() {
        let object: JSONObject = ["b": 1, "a": 1, "b": 2]
        #expect(object.count == 2)
        #expect(object["b"] == 2)
    }

    @Test func equalityAndHashGoByContent() {
        var object: JSONObject = ["a": "x", "b": [1]]
        var other = JSONObject()
        other["b"] = [1]
        other["a"] = "x"
        #expect(object == other)
        #expect(object.hashValue == other.hashValue)
        object["a"] = nil
        #expect(object != other)
        #expect(JSONValue.object(["é": 1]) != .object(["e\u{301}": 1]))
    }

    @Test(arguments: [true, false])
    func nilIsNoMemberAndNullIsOne(isState: Bool) {
        var object: JSONObject = ["a": .null, "b": 1]
        object["b"] = isState ? .string("x") : nil
        object["c"] = nil
        #expect(object.keys == (isState ? ["a", "b"] : ["a"]))
        #expect(object["a"] == .null)
        #expect((object["b"] == nil) == !isState)
    }

    @Test(arguments: [3, 12, 200])
    func behavesLikeADictionary(keyCount: Int) {
        var random = RandomJSON(seed: UInt64(keyCount))
        var object = JSONObject()
        var model: [String: JSONValue] = [:]
        for step in 0..<2000 {
            let key = "key \(random.number(in: 0..<keyCount))"
            switch random.number(in: 0..<4) {
            case 0: #expect(object.removeValue(forKey: key) == model.removeValue(forKey: key))
            case 1:
                object[key] = nil
                model[key] = nil
            default:
                object[key] = .integer(Int64(step))
                model[key] = .integer(Int64(step))
            }
            #expect(object[key] == model[key])
            #expect(object.count == model.count)
            #expect(object.isEmpty == model.isEmpty)
        }
        #expect(object.keys == model.keys.sorted())
        for (key, value) in model { #expect(object[key] == value) }
    }
}
