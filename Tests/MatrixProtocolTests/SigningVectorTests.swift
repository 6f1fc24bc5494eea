import CanonicalJSON
import MatrixProtocol
import Testing

/// The specification's test vectors (appendices, "Cryptographic Test Vectors").
struct SigningVectorTests {
    static let serverName = ServerName(trusted: "domain")

    static func signingKey() throws -> SigningKey {
        let seed = try #require(Base64.decode("YJDBA9Xnr2sVqXD9Vj7XVUnmFZcZrlw8Md7kMW+3XA1"))
        return try #require(SigningKey(seed: seed, version: "1"))
    }

    private func signature(_ object: JSONObject) -> String? {
        object["signatures"]?.objectValue?["domain"]?.objectValue?["ed25519:1"]?.stringValue
    }

    @Test func emptyObject() throws {
        let signed = try Self.signingKey().sign([:], as: Self.serverName)
        #expect(signature(signed) == "K8280/U9SSy9IVtjBuVeLr+HpOB4BQFWbg+UZaADMtTdGYI7Geitb76LTrr5QV/7Xg4ahLwYGYZzuHGZKM5ZAQ")
        #expect(signed.count == 1)
    }

    @Test func objectWithData() throws {
        let signed = try Self.signingKey().sign(["one": 1, "two": "Two"], as: Self.serverName)
        #expect(signature(signed) == "KqmLSbO39/Bzb0QIYE82zqLwsA+PDzYIpIRA2sRQ4sL53+sN6/fpNSoqE7BP7vBZhG6kYdD13EIMJpvhJI+6Bw")
        #expect(signed["one"] == 1 && signed["two"] == "Two")
    }

    @Test func minimallySizedEvent() throws {
        let event: JSONObject = [
            "room_id": "!x:domain", "sender": "@a:domain", "origin": "domain", "origin_server_ts": 1_000_000, "signatures": [:],
            "hashes": [:], "type": "X", "content": [:], "prev_events": [], "auth_events": [], "depth": 3, "unsigned": ["age_ts": 1_000_000],
        ]
        let signed = try EventSigning.hashAndSign(event, version: .v10, as: Self.serverName, with: Self.signingKey())
        #expect(signed["hashes"] == ["sha256": "5jM4wQpv6lnBo7CLIghJuHdW+s2CMBJPUOGOC89ncos"])
        #expect(signature(signed) == "KxwGjPSDEtvnFgU00fwFz+l6d2pJM6XBIaMEn81SXPTRl16AqLAYqfIReFGZlHi5KLjAWbOoMszkwsQma+lYAg")
        #expect(signed["unsigned"] == ["age_ts": 1_000_000])
    }

    @Test func eventWithRedactableContent() throws {
        let event: JSONObject = [
            "content": ["body": "Here is the message content"], "event_id": "$0:domain", "origin": "domain", "origin_server_ts": 1_000_000,
            "type": "m.room.message", "room_id": "!r:domain", "sender": "@u:domain", "signatures": [:], "unsigned": ["age_ts": 1_000_000],
        ]
        let signed = try EventSigning.hashAndSign(event, version: .v10, as: Self.serverName, with: Self.signingKey())
        #expect(signed["hashes"] == ["sha256": "onLKD1bGljeBWQhWZ1kaP9SorVmRQNdN5aM2JYU2n/g"])
        #expect(signature(signed) == "Wm+VzmOUOz08Ds+0NTWb1d4CZrVsJSikkeRxh6aCcUwu6pNC78FunoD7KNWzqFn241eYHYMGCA5McEiVPdhzBA")
    }
}
