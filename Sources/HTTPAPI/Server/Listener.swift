import Glibc
import NIOCore
import NIOSSL

/// A port on one or more addresses, and what is served there.
package struct Listener: Sendable {
    /// IP addresses.
    package var addresses: [String]
    /// The TCP port; 0 takes a free one, another for each address.
    package var port: Int
    /// With it the listener speaks TLS, without it plain HTTP.
    package var certificate: Certificate?
    package var resources: Set<Resource>

    package init(addresses: [String], port: Int, certificate: Certificate? = nil, resources: Set<Resource>) {
        self.addresses = addresses
        self.port = port
        self.certificate = certificate
        self.resources = resources
    }

    /// Where a listener's certificate and its private key are: paths of PEM files.
    package struct Certificate: Sendable {
        package var chainPath: String
        package var privateKeyPath: String

        package init(chainPath: String, privateKeyPath: String) {
            self.chainPath = chainPath
            self.privateKeyPath = privateKeyPath
        }

        /// - Throws: `ListenerError.unusableCertificate`.
        func configuration() throws(ListenerError) -> TLSConfiguration {
            let chain: [NIOSSLCertificate]
            let key: NIOSSLPrivateKey
            do { chain = try NIOSSLCertificate.fromPEMFile(chainPath) } catch { throw .unusableCertificate(path: chainPath, "\(error)") }
            do {
                key = try NIOSSLPrivateKey(file: privateKeyPath, format: .pem)
            } catch {
                throw .unusableCertificate(path: privateKeyPath, "\(error)")
            }
            var configuration = TLSConfiguration.makeServerConfiguration(
                certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(key))
            configuration.minimumTLSVersion = .tlsv12
            configuration.applicationProtocols = ["http/1.1"]
            return configuration
        }
    }
}

/// An address on which the server listens.
package struct BoundAddress: Sendable, Hashable, CustomStringConvertible {
    package let host: String
    /// The port that it really is, where 0 was asked for.
    package let port: Int
    package let isTLS: Bool

    package var description: String {
        "\(isTLS ? "https" : "http")://\(host.contains(":") ? "[\(host)]" : host):\(port)"
    }
}

/// Why a listener cannot be opened, in words for the administrator.
package enum ListenerError: Error, CustomStringConvertible {
    /// The system refuses the address.
    case cannotBind(host: String, port: Int, String)
    /// A certificate or its key cannot be read.
    case unusableCertificate(path: String, String)

    package var description: String {
        switch self {
        case .cannotBind(let host, let port, let reason):
            "cannot listen on \(host.contains(":") ? "[\(host)]" : host) port \(port): \(reason)"
        case .unusableCertificate(let path, let reason): "cannot use \(path) for TLS: \(reason)"
        }
    }
}

extension ListenerError {
    /// Explains what the system said.
    init(host: String, port: Int, _ error: any Error) {
        let reason =
            switch (error as? IOError)?.errnoCode {
            case EADDRINUSE:
                "the port is in use\(host == "::" || host == "0.0.0.0" ? " (:: covers 0.0.0.0 as well, so that one of them is enough)" : "")"
            case EACCES: "ports below 1024 need the capability CAP_NET_BIND_SERVICE"
            case EADDRNOTAVAIL:
                "this machine does not have the address\(host.contains(":") ? " (if it has no IPv6, leave the address out)" : "")"
            case EAFNOSUPPORT: "this machine has no IPv6; leave the address out"
            default: "\(error)"
            }
        self = .cannotBind(host: host, port: port, reason)
    }
}
