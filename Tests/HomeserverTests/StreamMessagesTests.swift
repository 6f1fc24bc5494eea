import CBOR
import Homeserver
import MatrixProtocol
import StoreTestSupport
import Testing
import TransitoryDatabase

/// What programs send to streams and get from them, in both formats.
@Suite struct StreamMessagesTests {
    private func refusal(_ json: String) -> StreamRequestError? {
        do throws(StreamRequestError) {
            _ = try StreamRequest(parsing: Array(json.utf8)[...], .json)
            return nil
        } catch {
            return error
        }
    }

    @Test(arguments: [
        (#"{"type":"push","key":"k","value":{"a":1},"action":{"type":"append"}}"#, "push append k {\"a\":1}"),
        (#"{"action":{"type":"compact","seq":7},"type":"push","key":"","value":null}"#, "push compact(7)  -"),
        (#"{"type":"push","key":"k","action":{"type":"compact","seq":0}}"#, "push compact(0) k -"),
        (#"{"type":"push","key":"k","value":false,"action":{"type":"relay"},"more":1}"#, "push relay k false"),
        (#"{"type":"get","key":"k"}"#, "get k 0"), (#"{"type":"get","key":"k","seq":null}"#, "get k -"),
        (#"{"type":"get","key":"k","seq":9007199254740991}"#, "get k 9007199254740991"),
        (#"{"type":"ping"}"#, "ping -"), (#"{"type":"ping","nonce":3}"#, "ping 3"),
    ])
    func requestsAreRead(_ json: String, _ expected: String) throws {
        let text =
            switch try StreamRequest(parsing: Array(json.utf8)[...], .json) {
            case .push(let action, let key, let value): "push \(action) \(key) \(value.map { String(decoding: $0, as: UTF8.self) } ?? "-")"
            case .get(let key, let sequence): "get \(key) \(sequence.map { "\($0)" } ?? "-")"
            case .ping(let nonce): "ping \(nonce.map { "\($0)" } ?? "-")"
            }
        #expect(text == expected)
    }

    @Test(arguments: [
        ("", StreamRequestError.unreadable("JSON ends too early at byte 0")), ("[]", .malformed("A message is an object")),
        ("{}", .malformed("A message needs type, a text")),
        (#"{"type":"pull"}"#, .malformed(#"A message's type is push, get or ping, not "pull""#)),
        (#"{"type":"get"}"#, .malformed("A message needs key, a text")),
        (#"{"type":"get","key":"k","seq":-1}"#, .malformed("seq must be a number from 0 on, without a fraction")),
        (#"{"type":"push","key":"k","value":1}"#, .malformed("A message needs action, an object")),
        (
            #"{"type":"push","key":"k","value":1,"action":{"type":"prepend"}}"#,
            .malformed(#"An action's type is append, relay, replace or compact, not "prepend""#)
        ),
        (#"{"type":"push","key":"k","value":1,"action":{"type":"compact"}}"#, .malformed("A compaction needs seq, a number")),
    ])
    func whatIsNoRequestIsRefused(_ json: String, _ error: StreamRequestError) {
        #expect(refusal(json) == error)
    }

    @Test func nestingIsLimited() {
        let deep = String(repeating: "[", count: 1000) + String(repeating: "]", count: 1000)
        guard case .unreadable = refusal(#"{"type":"push","key":"k","value":\#(deep),"action":{"type":"append"}}"#) else {
            Issue.record("a value that is nested too deeply was read")
            return
        }
    }

    @Test func numbersInCBORMayBeFloats() throws {
        var writer = CBORWriter()
        writer.value(.map([.init(.text("type"), .text("get")), .init(.text("key"), .text("k")), .init(.text("seq"), .float(5))]))
        guard case .get(key: "k", after: 5) = try StreamRequest(parsing: writer.bytes[...], .cbor) else {
            Issue.record("the number was not read")
            return
        }
    }
}
