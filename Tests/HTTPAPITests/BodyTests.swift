import CanonicalJSON
import MatrixProtocol
import Testing

@testable import HTTPAPI

@Suite struct BodyTests {
    private enum Preset: String, CaseIterable { case publicChat = "public_chat", privateChat = "private_chat" }

    private let body = Body([
        "text": "a", "number": 5, "flag": true, "list": ["a", "b"], "mixed": ["a", 1], "nothing": .null, "preset": "public_chat",
        "auth": ["type": "m.login.dummy", "identifier": ["user": 7]], "user": "@a:b.org",
    ])

    @Test func readsMembers() throws {
        #expect(try body.required("text", as: .string) == "a")
        #expect(try body.required("number", as: .integer) == 5)
        #expect(try body.required("number", as: .integer(in: 1...5)) == 5)
        #expect(try body.required("flag", as: .bool) == true)
        #expect(try body.required("list", as: .array) == ["a", "b"])
        #expect(try body.required("list", as: .array(of: .string)) == ["a", "b"])
        #expect(try body.required("preset", as: .choice(of: Preset.self)) == .publicChat)
        #expect(try body.required("user", as: .userID).string == "@a:b.org")
        #expect(try body.requiredBody("auth").required("type", as: .string) == "m.login.dummy")
        #expect(try body.optional("text", as: .string) == "a")
    }

    @Test func takesNullForMissingWhereAMemberIsOptional() throws {
        #expect(try body.optional("missing", as: .string) == nil)
        #expect(try body.optional("nothing", as: .string) == nil)
        #expect(try body.optionalBody("nothing") == nil)
    }

    @Test func namesWhatIsMissing() throws {
        let error = #expect(throws: MatrixError.self) { try body.requiredBody("auth").required("session", as: .string) }
        #expect(error == MatrixError(.missingParameter, "Missing auth.session"))
    }

    @Test func namesWhatHasTheWrongType() throws {
        for (expected, read): (String, () throws -> Void) in [
            ("text must be an integer", { _ = try body.required("text", as: .integer) }),
            ("number must be a string", { _ = try body.optional("number", as: .string) }),
            ("nothing must be a string", { _ = try body.required("nothing", as: .string) }),
            ("number must be an integer from 1 to 4", { _ = try body.required("number", as: .integer(in: 1...4)) }),
            ("mixed must be an array whose elements are each a string", { _ = try body.required("mixed", as: .array(of: .string)) }),
            ("text must be one of public_chat, private_chat", { _ = try body.required("text", as: .choice(of: Preset.self)) }),
            ("text must be a user ID", { _ = try body.required("text", as: .userID) }),
            (
                "auth.identifier.user must be a string",
                {
                    _ = try body.requiredBody("auth").requiredBody("identifier").required("user", as: .string)
                }
            ),
        ] {
            let error = #expect(throws: MatrixError.self) { try read() }
            #expect(error == MatrixError(.badJSON, expected))
        }
    }
}

extension Body: Equatable {
    public static func == (left: Body, right: Body) -> Bool { left.object == right.object }
}
