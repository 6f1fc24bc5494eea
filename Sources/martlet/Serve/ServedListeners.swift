import HTTPAPI
import Homeserver
import ServerConfiguration

/// The listeners and the public address as HTTPAPI takes them, out of the configuration.
extension Configuration {
    /// The listeners in their order.
    var servedListeners: [HTTPAPI.Listener] {
        listeners.map { listener in
            HTTPAPI.Listener(
                addresses: listener.bind, port: listener.port, certificate: listener.tls.flatMap { $0.servedCertificate },
                resources: listener.resources == [.streams] ? [.streams, .streamsAtRoot] : Set(listener.resources.map { $0.served }))
        }
    }

    /// What the well-known documents say.
    var publicAddress: PublicAddress {
        PublicAddress(
            baseURL: publicBaseURL,
            supportContacts: support.contacts.map {
                SupportContact(matrixID: $0.matrixID, emailAddress: $0.emailAddress, role: $0.role)
            },
            supportPage: support.supportPage)
    }
}

extension Configuration {
    /// The endpoints of streams, where they are served.
    func streamRoutes(of homeserver: Homeserver) -> [any RouteGroup] {
        guard streams.enabled else { return [] }
        return StreamAPI.routes(of: homeserver, path: streams.path, publicBaseURL: publicBaseURL, hasDemo: streams.demo)
    }
}

extension Configuration.Network {
    /// The reverse proxies that are believed.
    var proxies: TrustedProxies {
        TrustedProxies { [trustedProxies] address in trustedProxies.contains { $0.contains(address) } }
    }
}

extension Configuration.TLS {
    /// Both files' paths, which every valid configuration has.
    fileprivate var servedCertificate: HTTPAPI.Listener.Certificate? {
        guard let certificate, let privateKey else { return nil }
        return HTTPAPI.Listener.Certificate(chainPath: certificate, privateKeyPath: privateKey)
    }
}

extension Configuration.Resource {
    fileprivate var served: HTTPAPI.Resource {
        switch self {
        case .client: .client
        case .federation: .federation
        case .admin: .admin
        case .streams: .streams
        case .metrics: .metrics
        }
    }
}
