import CanonicalJSON
import TestSupport

/// Random JSON texts: all kinds of numbers, escapes and characters, white space, keys that repeat.
struct RandomJSON {
    var generator: SplitMix64

    init(seed: UInt64) { generator = SplitMix64(seed: seed) }

    mutating func chance(_ percent: Int) -> Bool { number(in: 0..<100) < percent }

    mutating func number(in range: Range<Int>) -> Int { Int.random(in: range, using: &generator) }

    mutating func bytes(count: Int) -> [UInt8] {
        (0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) }
    }

    /// A valid JSON text.
    mutating func document(depth: Int = 0) -> String {
        space() + value(depth: depth) + space()
    }

    private mutating func value(depth: Int) -> String {
        switch number(in: 0..<(depth < 6 ? 14 : 8)) {
        case 0: return "null"
        case 1: return chance(50) ? "true" : "false"
        case 2, 3: return integer()
        case 4: return float()
        case 5, 6, 7: return string()
        case 8, 9, 10:
            let elements = (0..<number(in: 0..<5)).map { _ in document(depth: depth + 1) }
            return "[" + (elements.isEmpty ? space() : elements.joined(separator: ",")) + "]"
        default:
            let memberCount = chance(5) ? number(in: 8..<40) : number(in: 0..<6)
            let members = (0..<memberCount).map { _ in space() + key() + space() + ":" + document(depth: depth + 1) }
            return "{" + (members.isEmpty ? space() : members.joined(separator: ",")) + "}"
        }
    }

    private mutating func space() -> String {
        guard chance(10) else { return "" }
        return (0..<number(in: 1..<4)).map { _ in [" ", "\t", "\n", "\r"][number(in: 0..<4)] }.joined()
    }

    private mutating func integer() -> String {
        switch number(in: 0..<8) {
        case 0: return ["0", "-0", "9007199254740991", "-9007199254740991", "9007199254740992", "-9007199254740992"][number(in: 0..<6)]
        case 1:
            return [
                "9223372036854775807", "9223372036854775808", "-9223372036854775808", "-9223372036854775809", "18446744073709551615",
                "18446744073709551616", "99999999999999999999", "-100000000000000000000000000",
            ][number(in: 0..<8)]
        case 2: return String(Int64(bitPattern: generator.next()))
        case 3: return String(Int64(bitPattern: generator.next()) >> 10)
        default: return String(number(in: -1000..<1000))
        }
    }

    private mutating func float() -> String {
        switch number(in: 0..<5) {
        case 0:
            return [
                "0.0", "-0.0", "1.0", "1e3", "1E+16", "1e-5", "0.0001", "5e-324", "1e-400", "1.7976931348623157e308",
                "123456789012345680.0",
            ][
                number(in: 0..<11)]
        case 1: return "\(number(in: -999..<999)).\(generator.next())e\(number(in: -330..<290))"
        case 2: return "\(generator.next())\(generator.next()).\(generator.next())"
        case 3: return "\(number(in: 1..<100))\(["e", "E", "e+", "E-"][number(in: 0..<4)])\(number(in: 0..<25))"
        default:
            let double = Double(bitPattern: generator.next())
            return double.isFinite ? "\(double)" : "0.5"
        }
    }

    private mutating func key() -> String {
        // Few different ones, so that they repeat; the last three are pairs of equals for Unicode and in JSON, respectively.
        let keys = ["a", "b", "", "type", "room_id", "\u{E9}", "e\u{301}", "\u{FF5E}", "\u{10437}", "\\u0061", "t\\u0079pe"]
        return chance(60) ? "\"\(keys[number(in: 0..<keys.count)])\"" : string()
    }

    private mutating func string() -> String {
        let length = chance(10) ? number(in: 0..<60) : number(in: 0..<12)
        return "\"" + (0..<length).map { _ in character() }.joined() + "\""
    }

    private mutating func character() -> String {
        func hexadecimal(_ unit: Int) -> String {
            let digits = String(unit, radix: 16, uppercase: unit % 2 == 0)
            return "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
        }
        switch number(in: 0..<20) {
        case 0: return ["\\\"", "\\\\", "\\/", "\\b", "\\f", "\\n", "\\r", "\\t"][number(in: 0..<8)]
        case 1: return hexadecimal(number(in: 0..<0x80))
        case 2: return hexadecimal(number(in: 0..<0xD800))
        case 3: return hexadecimal(number(in: 0xD800..<0xDC00)) + hexadecimal(number(in: 0xDC00..<0xE000))
        case 4: return String(Unicode.Scalar(UInt32(number(in: 0x80..<0x800))).map(Character.init) ?? "?")
        case 5: return String(Unicode.Scalar(UInt32(number(in: 0x800..<0xD800))).map(Character.init) ?? "?")
        case 6: return String(Unicode.Scalar(UInt32(number(in: 0x10000..<0x110000))).map(Character.init) ?? "?")
        case 7: return "\u{7F}"
        default:
            let byte = UInt8(number(in: 0x20..<0x7F))
            return byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") ? "_" : String(Unicode.Scalar(byte))
        }
    }

    /// The text with some of its bytes changed, taken away, doubled, or exchanged for others that JSON cares about.
    mutating func mutation(of text: [UInt8]) -> [UInt8] {
        let fragments =
            [
                "\"", "\\", "{", "}", "[", "]", ",", ":", "0", "-", ".", "e", "1e5", "01", "1e999", "\\u", "\\ud800", "\\udc00", "\u{0}",
                "\n", "NaN",
                "null", "true", "-Infinity", "\u{FEFF}", " ", "'", "99999999999999999999",
            ].map { Array($0.utf8) } + [
                [0x80], [0xFF], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xE0, 0x80, 0xAF], [0xF0, 0x9F],
            ]
        var text = text
        for _ in 0..<number(in: 1..<4) where !text.isEmpty {
            let start = number(in: 0..<text.count)
            let end = Swift.min(text.count, start + number(in: 0..<6))
            switch number(in: 0..<5) {
            case 0: text[start] = UInt8.random(in: 0...255, using: &generator)
            case 1: text.removeSubrange(start..<end)
            case 2: text.insert(contentsOf: Array(text[start..<end]), at: start)
            case 3: text.insert(contentsOf: fragments[number(in: 0..<fragments.count)], at: start)
            default: text.replaceSubrange(start..<Swift.min(text.count, start + 1), with: fragments[number(in: 0..<fragments.count)])
            }
        }
        return text
    }
}

/// Events as servers send them to each other.
let sampleEvents: [[UInt8]] = [
    #"""
    {"auth_events":["$urlsafe_base64_encoded_eventid","$a-different-event-id"],"content":{"body":"Grüße aus Köln, 日本語 \ud83d\ude00 \"so\"\n","msgtype":"m.text"},"depth":12,"hashes":{"sha256":"thishashcoversallfieldsincasethisisredacted"},"origin_server_ts":1404838188000,"prev_events":["$urlsafe_base64_encoded_eventid"],"room_id":"!UcYsUzyxTGDxLBEvLy:example.org","sender":"@alice:example.com","signatures":{"example.com":{"ed25519:key_version":"86BytesOfSignatureOfTheRedactedEvent"}},"type":"m.room.message","unsigned":{"age":4612}}
    """#,
    #"""
    {
        "type": "m.room.power_levels",
        "state_key": "",
        "room_id": "!UcYsUzyxTGDxLBEvLy:example.org",
        "sender": "@alice:example.com",
        "content": {
            "ban": 50, "events": {"m.room.name": 100, "m.room.power_levels": 100}, "events_default": 0, "invite": 50, "kick": 50,
            "notifications": {"room": 20}, "redact": 50, "state_default": 50, "users": {"@example:localhost": 100}, "users_default": 0
        },
        "depth": 9007199254740991, "origin_server_ts": 1432735824653, "auth_events": [], "prev_events": [], "unsigned": {"age": 1234}
    }
    """#,
    #"""
    {"content":{"avatar_url":"mxc://example.org/SEsfnsuifSDFSSEF","displayname":"Alice Margatroid","membership":"join","reason":null},"origin_server_ts":1432735824653,"sender":"@example:example.org","state_key":"@alice:example.org","type":"m.room.member","depth":-0,"score":[1.5,1e-7,12345678901234567890,-1.0],"ok":[true,false,[],{}]}
    """#,
].map { Array($0.utf8) }
