import CanonicalJSON
import Homeserver
import MatrixProtocol
import Store
import Testing

/// "Voice over IP".
@Suite struct CallsTests {
    private let alice = Requester(userID: UserID(trusted: "@alice:example.org"), deviceID: "ALICE")

    private func calls(_ change: (inout CallSettings) -> Void) -> Calls {
        var settings = CallSettings()
        change(&settings)
        return Calls(settings: settings, environment: Environment(clock: TestClock(), random: SystemRandom(), executors: ThreadExecutors()))
    }

    @Test func withoutServersThereIsNothing() {
        #expect(calls { _ in }.turnServers(for: alice) == [:])
        #expect(calls { $0.turnURIs = ["turn:turn.example.org"] }.turnServers(for: alice) == [:])
        #expect(calls { _ in }.transports == nil)
    }

    /// The code was made with OpenSSL: `printf 1767229200:@alice:example.org | openssl dgst -sha1 -hmac secret -binary | base64`.
    @Test func aSharedSecretMakesNamesThatEnd() {
        let calls = calls {
            $0.turnURIs = ["turn:turn.example.org?transport=udp"]
            $0.turnAccess = .sharedSecret("secret")
        }
        #expect(
            calls.turnServers(for: alice) == [
                "uris": ["turn:turn.example.org?transport=udp"], "ttl": 3600, "username": "1767229200:@alice:example.org",
                "password": "IHcFQJbe57OuvuOMu9I4L7rNprY=",
            ])
    }

    @Test func onePasswordForAll() {
        let calls = calls {
            $0.turnURIs = ["turn:turn.example.org"]
            $0.turnAccess = .password(username: "name", password: "word")
            $0.turnLifetimeSeconds = 60
            $0.allowsGuests = false
        }
        #expect(
            calls.turnServers(for: alice) == ["uris": ["turn:turn.example.org"], "ttl": 60, "username": "name", "password": "word"])
        #expect(calls.turnServers(for: Requester(userID: alice.userID, deviceID: nil, isGuest: true)) == [:])
    }

    @Test func servicesForCallsOfMany() {
        #expect(
            calls { $0.liveKitServiceURLs = ["https://livekit.example.org"] }.transports
                == [["type": "livekit", "livekit_service_url": "https://livekit.example.org"]])
    }
}
