import "./core";
