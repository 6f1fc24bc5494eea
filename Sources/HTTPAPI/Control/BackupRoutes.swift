import CanonicalJSON
import Homeserver
import MatrixProtocol

/// Backups of the running server, for `martlet backup create` and `martlet db verify`.
struct BackupRoutes: RouteGroup {
    let backups: Backups

    func add(to routes: inout RouteTable) {
        // In the folder `to`; the answer is what the backup says of itself.
        routes.control("backup") { [backups] body in
            let path = try body.required("to", as: .string)
            guard path.hasPrefix("/") else { throw MatrixError(.invalidParameter, "to must be an absolute path: \(path)") }
            return try await backups.create(at: path).json
        }
    }
}
