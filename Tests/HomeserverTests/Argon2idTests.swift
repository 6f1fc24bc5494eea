import Argon2
import Testing

/// Known answers of the reference implementation, and round trips.
@Suite struct Argon2idTests {
    @Test(arguments: [
        "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
        "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
        "$argon2id$v=19$m=256,t=2,p=2$c29tZXNhbHQ$bQk8UB/VmZZF4Oo79iDXuL5/0ttZwg2f/5U52iv1cDc",
    ])
    func knownAnswers(_ encoded: String) throws {
        #expect(try Argon2id.verify(Array("password".utf8), against: encoded))
        #expect(try !Argon2id.verify(Array("Password".utf8), against: encoded))
    }

    @Test func hashesSayHowTheyWereMade() throws {
        let password = Array("correct horse".utf8)
        let encoded = try Argon2id.hash(password, salt: Array("somesaltsomesalt".utf8))
        #expect(encoded.hasPrefix("$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$"))
        #expect(try Argon2id.verify(password, against: encoded))
        #expect(try !Argon2id.verify(Array("correct horsf".utf8), against: encoded))
        #expect(try !Argon2id.verify([], against: encoded))
        #expect(try Argon2id.hash(password, salt: Array("anothersaltother".utf8)) != encoded)
    }

    @Test func passwordsMayHaveAnyBytes() throws {
        let encoded = try Argon2id.hash([0, 1, 0, 0xff], salt: Array("somesaltsomesalt".utf8))
        #expect(try Argon2id.verify([0, 1, 0, 0xff], against: encoded))
        #expect(try !Argon2id.verify([0], against: encoded))
    }

    @Test(arguments: [
        "", "password", "$argon2id$v=19$m=19456", "$argon2i$v=19$m=256,t=2,p=1$c29tZXNhbHQ$/U3YPXYsSb3q9XxHvc0MLxur+GP960kN9j7emXX8zwY",
    ])
    func whatIsNoHashIsAnError(_ encoded: String) {
        #expect(throws: Argon2Error.self) { try Argon2id.verify([], against: encoded) }
    }

    @Test func saltsThatAreTooShortAreAnError() {
        #expect(throws: Argon2Error.self) { try Argon2id.hash([], salt: [1]) }
    }
}
